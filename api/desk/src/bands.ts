/** Score bands of the list. A band's button selects only the rows that have been visible on the screen. */
import { bandsOf, boxOf, type Card, type Cards, cardsIn, countOf, isChanged, isHidden, pick, rowsOf } from './cards'
import { linkIn } from './onward'
import { say } from './words'

export class Bands {
  readonly #cards: Cards
  readonly #seen = new WeakSet<Card>()
  readonly #observer: IntersectionObserver

  constructor(cards: Cards) {
    this.#cards = cards
    const root = cards.scroller
    const whole = root === document.scrollingElement
    this.#observer = new IntersectionObserver(entries => this.#intersected(entries), {
      root: whole ? null : root,
      threshold: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
      // Sticky bars cover rows. In low windows only the buttons are sticky.
      rootMargin: !whole ? '-36px 0px 0px' : innerHeight > 460 ? '-88px 0px -72px' : '0px 0px -48px',
    })
    cards.list.addEventListener('change', () => this.#update())
    cards.list.addEventListener('click', event => {
      const button = event.target instanceof Element ? event.target.closest('[data-select]') : null
      const band = button?.closest<HTMLElement>('.band')
      if (band) this.select(band)
    })
    this.#update()
  }

  /** Selects the seen rows of a band, or deselects them if all are selected. */
  select(band: HTMLElement | null | undefined): void {
    if (!band) return
    const seen = this.#seenOf(band).filter(card => boxOf(card) !== null && !isHidden(card))
    const on = seen.some(card => !isPicked(card))
    for (const card of seen) pick(card, on)
    this.#cards.list.dispatchEvent(new Event('change'))
  }

  #intersected(entries: IntersectionObserverEntry[]): void {
    for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
      if (intersectionRatio < 0.9 && intersectionRect.height < 0.9 * (rootBounds?.height ?? Infinity)) continue
      this.#seen.add(target.firstElementChild as Card)
      this.#observer.unobserve(target)
    }
    this.#update()
  }

  #seenOf(band: HTMLElement): Card[] {
    return cardsOf(band).filter(card => this.#seen.has(card))
  }

  /** Observes rows that were not seen yet, and updates the label of each band. */
  #update(): void {
    const bands = bandsOf(this.#cards.list)
    for (const band of bands) {
      const all = cardsOf(band)
      const seen: Card[] = []
      for (const card of all) {
        // The list item keeps its size while content-visibility skips the card in it.
        if (this.#seen.has(card)) seen.push(card)
        else this.#observer.observe(card.parentElement as HTMLElement)
      }
      const head = band.firstElementChild
      if (!head?.matches('.band-head')) continue
      const more = band === bands.at(-1) && linkIn(document) !== null
      const total = Number(band.dataset.total ?? -1)
      const pending = total < 0 ? -1 : Math.max(0, total - decidedIn(band))
      const here = sum(all)
      const later = more && pending >= 0 ? Math.max(0, pending - here) : 0
      const first = all.findIndex(card => !this.#seen.has(card))
      const above = first >= 0 && all.indexOf(seen.at(-1) as Card) > first
      const count = head.querySelector('.muted')
      if (count && pending >= 0) count.textContent = say('band.pending', { n: pending })
      this.#updateHead(head, seen, here - sum(seen) + later, more, above)
    }
  }

  /**
   * Updates the button and the hint in a band's head. unseen counts unseen comments. more is set if further pages may
   * follow, above if an unseen row precedes a seen one.
   */
  #updateHead(head: Element, seen: Card[], unseen: number, more: boolean, above: boolean): void {
    const small = head.querySelector<HTMLElement>('[data-seen]')
    const button = head.querySelector<HTMLElement>('[data-select]')
    const words = button?.querySelector('span')
    if (!small || !button || !words) return
    const n = sum(seen)
    const whole = unseen === 0 && !more
    const on = n > 0 && seen.every(isPicked)
    const rest = unseen > 0 ? say(above ? 'band.unseen' : 'band.below', { n: unseen }) : ''
    small.textContent = whole ? say('band.whole', { n, m: n }) : rest
    button.hidden = n === 0 || !seen.some(boxOf)
    small.hidden = n === 0
    button.setAttribute('aria-pressed', String(on))
    words.textContent = on ? say(whole ? 'band.on' : 'selected', { n }) : say(whole ? 'band.all' : 'band.seen', { n })
  }
}

const isPicked = (card: Card): boolean => 'picked' in card.dataset

/** Returns the number of comments that cards represent. */
const sum = (cards: Card[]): number => cards.reduce((n, card) => n + countOf(card), 0)

/** Returns the number of decided comments in a band. */
function decidedIn(band: HTMLElement): number {
  const rows = Array.from(rowsOf(band).children as HTMLCollectionOf<HTMLElement>)
  return rows.reduce((n, row) => n + (row.matches('.run') ? Number(row.dataset.n) : 0), 0)
}

/** Returns the cards of a band that no other user changed. */
function cardsOf(band: HTMLElement): Card[] {
  return cardsIn(band).filter(card => !isChanged(card))
}
