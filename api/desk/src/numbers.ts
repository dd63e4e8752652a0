/** Numbers the visible rows, so that one key selects a row. */
import { boxOf, type Card, type Cards } from './cards'

const maxNumbers = 20

export class Numbers {
  readonly #cards: Cards
  #numbered: Card[] = []
  #frame = 0

  constructor(cards: Cards) {
    this.#cards = cards
    for (const event of ['change', 'current']) cards.list.addEventListener(event, () => this.#schedule())
    addEventListener('scroll', () => this.#schedule(), { passive: true })
    addEventListener('resize', () => this.#schedule())
    this.#schedule()
  }

  /** Toggles the selection of a row by its number, from 1. */
  select(number: number): void {
    const card = this.#numbered[number - 1]
    if (card) boxOf(card)?.click()
  }

  #schedule(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#renumber())
  }

  /** Numbers the rows that are fully visible below the sticky bars. */
  #renumber(): void {
    this.#frame = 0
    const bar = document.querySelector('.top')?.getBoundingClientRect().bottom ?? 0
    const inside = this.#cards.all.filter(card => {
      const { top, bottom } = card.getBoundingClientRect()
      const head = card.closest('.band')?.querySelector('.band-head')?.getBoundingClientRect().bottom ?? 0
      return boxOf(card) && top >= Math.max(bar, head) - 1 && bottom <= innerHeight + 1
    })
    for (const card of this.#numbered) delete labelOf(card)?.dataset.number
    this.#numbered = inside.slice(0, maxNumbers)
    for (const [i, card] of this.#numbered.entries()) {
      const label = labelOf(card)
      if (label) label.dataset.number = `${i < 10 ? '' : '⇧'}${(i + 1) % 10}`
    }
  }
}

function labelOf(card: Card): HTMLElement | null {
  return card.querySelector<HTMLElement>('.pick')
}
