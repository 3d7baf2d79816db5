/** What the table of errors says of one. */
export interface ErrorEntry {
  readonly class: 'retry' | 'refused' | 'bug' | 'warning';
  readonly title: string;
  readonly hint: string;
}
