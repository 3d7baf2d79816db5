/** What running tells to whoever counts. Names are full Prometheus names; the table of all of them stands beside the code that serves them. */

export type Labels = Readonly<Record<string, string>>;

export interface Metrics {
  /** Adds to a counter (by 1 unless told). */
  count(name: string, labels?: Labels, by?: number): void;
  /** Sets a gauge. */
  set(name: string, value: number, labels?: Labels): void;
  /** Adds one observation to a histogram; seconds for names that end so. */
  observe(name: string, value: number, labels?: Labels): void;
  /** Takes help texts of metrics that are not in the table, before they are counted. Absent: nobody reads them. */
  describe?(helps: Readonly<Record<string, string>>): void;
}

/** Counts nothing: for one-shot commands. */
export const noMetrics: Metrics = { count() {}, set() {}, observe() {} };
