/** What the reading part asks of the writing part, which is loaded when a reader turns to writing. */

export interface Writer {
  /** Opens the form where it stands. */
  open(): void
  /** Takes the form to a comment, to answer it. */
  reply(id: string): void
  /** Asks how one's own comment stands: it was published, or changed. */
  heard(id: string): void
  /** Puts back what is the reader's own after the thread was drawn. */
  drawn(): void
}
