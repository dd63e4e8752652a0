/** The interface of the form part for the view. The part is loaded when a reader begins to write. */

export interface Writer {
  /** Opens the form in place. */
  open(): void
  /** Moves the form to a comment, for a reply. */
  reply(id: string): void
  /** Requests the state of one of the reader's own comments, and shows it. */
  sync(id: string): void
  /** Shows the reader's own comments and draft after the thread was drawn. */
  drawn(): void
}
