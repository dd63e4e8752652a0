/** Focus mode: one comment at a time in the middle of the screen. The pane fills the page, and the list is hidden. */
import { nameOf } from './cards'
import type { Queue } from './queue'
import { element } from './toast'
import { say } from './words'

export class Focus {
  readonly #queue: Queue
  #total = 0

  constructor(queue: Queue) {
    this.#queue = queue
    for (const event of ['current', 'change']) queue.cards.list.addEventListener(event, () => this.#update())
    element('focus-leave').addEventListener('click', () => this.set(false))
  }

  get on(): boolean {
    return document.body.classList.contains('focusing')
  }

  set(on: boolean): void {
    if (on && !this.#queue.cards.current) return
    document.body.classList.toggle('focusing', on)
    element('focus').hidden = !on
    this.#total = this.#left()
    this.#update()
    if (!on) this.#queue.cards.go(this.#queue.cards.current ?? undefined)
  }

  #left(): number {
    const count = document.querySelector('.list .head .n')?.textContent?.replace(/\D/g, '') ?? ''
    return Number(count || this.#queue.cards.open.length)
  }

  #update(): void {
    if (!this.on) return
    const current = this.#queue.cards.current
    if (!current) {
      if (this.#queue.cards.isEmpty) this.set(false) // otherwise the next card becomes current
      return
    }
    const left = this.#left()
    this.#total = Math.max(this.#total, left, 1)
    element('focus-left').textContent = say('left.n', { n: left })
    const line = element('focus-line')
    line.setAttribute('width', String((1000 * (this.#total - left)) / this.#total))
    const next = this.#queue.cards.below(current)
    const peek = element('focus-next')
    peek.hidden = next === undefined
    if (next) {
      const name = Object.assign(document.createElement('b'), { textContent: nameOf(next) })
      peek.replaceChildren(name, ` ${next.querySelector('.text, .cover')?.textContent ?? ''}`)
    }
    element('what').focus({ preventScroll: true })
  }
}
