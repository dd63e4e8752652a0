/** The dock's toast: what was done last, and its undo. */
import { say } from './words'

export class Toast {
  readonly #box = element('toast')
  readonly #status = this.#box.querySelector('[role=status]') as HTMLElement
  readonly #public = element('public')
  readonly #button = this.#box.querySelector('button') as HTMLButtonElement
  #since = 0
  #clock = 0

  /** Says text; undo names what can be taken back, if there is something. Only who listens hears heard. */
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
    this.#box.hidden = false
  }

  /** The batch that the page came with an undo for. */
  get batch(): string {
    return this.#box.hidden ? '' : (this.#box.querySelector<HTMLInputElement>('input[name=batch]')?.value ?? '')
  }

  /** What is said is what the undo names: where there is little room, that is enough. */
  plain(): void {
    this.#box.setAttribute('data-plain', '')
  }

  /** Says something more of what was done last. */
  add(text: string): void {
    this.#box.removeAttribute('data-plain')
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
