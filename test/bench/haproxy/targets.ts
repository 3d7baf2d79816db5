/** Back ends of the benchmark in a process of their own: each port answers every request with its name and closes. No framework: they must not be what is measured. */
import { createServer } from 'node:net';

if (import.meta.main) {
  const count = Number(process.argv[2] ?? 1);
  const ports: number[] = [];
  for (let i = 0; i < count; i++) {
    const name = `t${i}`;
    const answer = `HTTP/1.1 200 OK\r\nx-target: ${name}\r\nContent-Length: ${name.length}\r\nConnection: close\r\n\r\n${name}`;
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => {
        if (data.includes('\r\n\r\n')) socket.end(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, resolve));
    const address = server.address();
    if (address !== null && typeof address !== 'string') ports.push(address.port);
  }
  process.on('disconnect', () => process.exit(0));
  process.send?.(ports);
}
