/** What its own numbers in /metrics say. */
export const metrics: Readonly<Record<string, string>> = {
  weir_awselb_round_seconds:
    'In what time attributes of all load balancers, target groups and listeners are read anew: the audit interval, longer where so many calls are not in the budget',
};
