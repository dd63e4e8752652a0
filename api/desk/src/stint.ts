/** The end of the queue: how much was decided, in what time, and what may need a second look. */
import type { Card } from './cards'
import { idOf, nameOf } from './cards'
import type { Contradiction } from './outbox'
import { element } from './toast'
import { say } from './words'

/** Milliseconds without a decision after which a new stint begins. */
const pause = 15 * 60_000
const shown = 3

export class Stint {
  #n = 0
  #since = 0
  #last = 0
  readonly #cards = new Map<string, Card>()
  /** Decisions against a confident prediction, by comment. */
  readonly #against = new Map<string, number>()

  constructor(list: HTMLElement) {
    list.addEventListener('decided', event => {
      const { cards, n } = (event as CustomEvent<{ cards: Card[]; n: number }>).detail
      const now = Date.now()
      if (now - this.#last > pause) this.#n = 0
      if (this.#n === 0) this.#since = now
      this.#last = now
      this.#n += n
      for (const card of cards) this.#cards.set(idOf(card), card)
    })
    list.addEventListener('undone', event => {
      this.#n = Math.max(0, this.#n - (event as CustomEvent<{ n: number }>).detail.n)
    })
    list.addEventListener('contradicted', event => {
      for (const { id, spam } of (event as CustomEvent<Contradiction[]>).detail)
        this.#against.set(id, Math.abs(spam - 0.5))
    })
    list.addEventListener('end', () => this.#show())
  }

  #show(): void {
    const line = element('stint')
    line.hidden = this.#n === 0
    if (this.#n === 0) return
    const minutes = Math.round((this.#last - this.#since) / 60_000)
    line.textContent = say('stint', {
      n: this.#n,
      time: say(minutes < 1 ? 'stint.second' : 'stint.min', { n: minutes }),
    })
    const most = [...this.#against].sort(([, a], [, b]) => b - a).slice(0, shown)
    const again = element('again')
    again.hidden = most.length === 0
    again.replaceChildren(
      ...most.flatMap(([id]) => {
        const card = this.#cards.get(id)
        if (!card) return []
        const link = Object.assign(document.createElement('a'), { href: card.dataset.url ?? '' })
        link.textContent = say('line', { name: nameOf(card), text: card.querySelector('.text')?.textContent ?? '' })
        link.className = 'cut'
        const item = document.createElement('li')
        item.append(link)
        return [item]
      }),
    )
    if (again.firstChild) {
      const head = Object.assign(document.createElement('li'), { className: 'muted', textContent: say('stint.again') })
      again.prepend(head)
    }
  }
}
