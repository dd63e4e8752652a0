/** The rows in the window bear numbers, by which they are selected: one key for each row that is not like the others. */
import { boxOf, type Card, type Cards } from './cards'

const most = 20

export class Numbers {
  readonly #cards: Cards
  #numbered: Card[] = []
  #due = 0

  constructor(cards: Cards) {
    this.#cards = cards
    for (const event of ['change', 'current']) cards.list.addEventListener(event, () => this.#later())
    addEventListener('scroll', () => this.#later(), { passive: true })
    addEventListener('resize', () => this.#later())
    this.#later()
  }

  /** Selects a row by its number, from 1, or no more. */
  select(number: number): void {
    const card = this.#numbered[number - 1]
    if (card) boxOf(card)?.click()
  }

  #later(): void {
    if (this.#due === 0) this.#due = requestAnimationFrame(() => this.#number())
  }

  /** Numbers the rows that are wholly in the window, below what sticks to its top. */
  #number(): void {
    this.#due = 0
    const bar = document.querySelector('.top')?.getBoundingClientRect().bottom ?? 0
    const inside = this.#cards.all.filter(card => {
      const { top, bottom } = card.getBoundingClientRect()
      const head = card.closest('.band')?.querySelector('.band-head')?.getBoundingClientRect().bottom ?? 0
      return boxOf(card) && top >= Math.max(bar, head) - 1 && bottom <= innerHeight + 1
    })
    for (const card of this.#numbered) delete labelOf(card)?.dataset.number
    this.#numbered = inside.slice(0, most)
    for (const [i, card] of this.#numbered.entries()) {
      const label = labelOf(card)
      if (label) label.dataset.number = `${i < 10 ? '' : '⇧'}${(i + 1) % 10}`
    }
  }
}

function labelOf(card: Card): HTMLElement | null {
  return card.querySelector<HTMLElement>('.pick')
}
