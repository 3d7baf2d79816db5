/** The help texts of what is counted here. */
export const metrics: Readonly<Record<string, string>> = {
  weir_haproxy_starts_total: 'Starts of HAProxy by weir, by reason: wanted, or died.',
  weir_haproxy_reloads_total: 'Reloads of HAProxy, by what made them necessary.',
  weir_haproxy_deaths_total: 'Ends of HAProxy that nobody asked for.',
  weir_haproxy_runtime_commands_total: 'Commands that changed HAProxy over its runtime socket.',
  weir_haproxy_socket_errors_total: 'Looks at HAProxy that its runtime socket did not answer.',
  weir_haproxy_change_seconds: 'From the beginning of a change until HAProxy serves it.',
  weir_haproxy_connections: 'Connections of clients that HAProxy has now.',
  weir_haproxy_connections_limit: 'Connections of clients that HAProxy may have.',
  weir_haproxy_open_files: 'Files and sockets that the worker of HAProxy has open now.',
  weir_haproxy_open_files_limit: 'Files and sockets that the worker of HAProxy may open.',
  weir_haproxy_old_workers: 'Workers from before a reload that still serve their last connections.',
  weir_haproxy_old_connections: 'Connections that those workers still have.',
};
