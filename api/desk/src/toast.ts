/** The toast: the last action and its undo. */
import { say } from './words'

export class Toast {
  readonly #box = element('toast')
  readonly #status = this.#box.querySelector('[role=status]') as HTMLElement
  readonly #public = element('public')
  readonly #button = this.#box.querySelector('button') as HTMLButtonElement
  #since = 0
  #clock = 0

  /**
   * Shows text, or hides the toast if text is "". undo is the label of the undo button, or "". heard is read only by
   * screen readers.
   */
  say(text: string, undo = '', heard = ''): void {
    this.stopCounting()
    this.#status.textContent = text
    if (heard) {
      const more = document.createElement('span')
      more.className = 'vh'
      more.textContent = ` ${heard}`
      this.#status.append(more)
    }
    this.#button.hidden = undo === ''
    this.#box.removeAttribute('data-plain')
    const name = this.#button.querySelector('span')
    if (name && undo) name.textContent = undo
    this.#box.hidden = text === ''
  }

  /** Returns the batch that the server-rendered toast can undo, or "". */
  get batch(): string {
    return this.#box.hidden ? '' : (this.#box.querySelector<HTMLInputElement>('input[name=batch]')?.value ?? '')
  }

  /** Marks the text as repeating the undo label, so that small screens show only the label. */
  plain(): void {
    this.#box.setAttribute('data-plain', '')
  }

  /** Appends text to the toast. */
  add(text: string): void {
    this.#box.removeAttribute('data-plain')
    this.#status.textContent = `${this.#status.textContent ?? ''} ${text}`
  }

  /**
   * Shows for how many seconds the comment has been public, from five seconds to ten minutes. Screen readers do not
   * announce it.
   */
  countPublic(): void {
    this.stopCounting()
    this.#since = Date.now()
    this.#tick()
    this.#clock = window.setInterval(() => this.#tick(), 1000)
  }

  stopCounting(): void {
    clearInterval(this.#clock)
    this.#public.hidden = true
  }

  #tick(): void {
    const seconds = Math.round((Date.now() - this.#since) / 1000)
    if (seconds > 600) this.stopCounting()
    else this.#public.textContent = say('public', { n: seconds })
    this.#public.hidden = seconds < 5 || seconds > 600
  }
}

export function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`no #${id}`)
  return found
}
