/** The help texts of what is counted here. */
export const metrics: Readonly<Record<string, string>> = {
  weir_l2_announced: 'Addresses for which this machine answers now.',
  weir_l2_known: 'Addresses that this machine may have to answer for, here or elsewhere.',
  weir_l2_unanswered: 'Addresses for which nobody is known to answer.',
  weir_l2_takeovers_total: 'Addresses that this machine began to answer for.',
  weir_l2_releases_total: 'Addresses that this machine ceased to answer for.',
  weir_l2_unaccepted: 'Addresses that the kernel of this machine does not take.',
  weir_l2_conflicts_total: 'Claims of others to addresses that are answered here.',
  weir_l2_gates_mended_total:
    'Times that the tables of nft were made again because somebody had removed or changed them.',
  weir_l2_peer_heard: 'Whether a machine is heard (1) or not (0).',
  weir_l2_served:
    'Whether a proxy of this machine answers at its addresses (1) or not (0); there where that is looked at.',
  weir_l2_starts_total: 'Starts of the thread that announces.',
};
