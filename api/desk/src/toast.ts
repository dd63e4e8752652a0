/** The dock's toast: what was done last, and its undo. */
import { say } from './words'

export class Toast {
  readonly #box = element('toast')
  readonly #status = this.#box.querySelector('[role=status]') as HTMLElement
  readonly #public = element('public')
  readonly #button = this.#box.querySelector('button') as HTMLButtonElement
  #since = 0
  #clock = 0

  /** Says text; undo tells whether there is something to take back. */
  say(text: string, undo: boolean): void {
    this.stopCounting()
    this.#status.textContent = text
    this.#button.hidden = !undo
    this.#box.hidden = false
  }

  /** Says something more of what was done last. */
  add(text: string): void {
    this.#status.textContent = `${this.#status.textContent ?? ''} ${text}`
  }

  /** Counts for how long something has been public; not aloud. */
  countPublic(): void {
    this.stopCounting()
    this.#since = Date.now()
    this.#public.hidden = false
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
  }
}

export function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`no #${id}`)
  return found
}
