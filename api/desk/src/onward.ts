/** What comes after the last card: the next page, the list from its top once more, or word that nothing waits. */
import { type Card, type Cards, fetchPage, idOf, isHeld } from './cards'
import { element } from './toast'

/** What is on its way to the service. */
export interface Way {
  /** Whether anything is not saved yet. */
  busy(): boolean
  /** Whether what is not saved yet is about a comment. */
  about(id: string): boolean
}

export class Onward {
  readonly #cards: Cards
  readonly #way: Way
  readonly #top: string
  #loading = false
  /** To go on as soon as everything is saved, or what is being read is here. */
  #wanted = false
  /** The current card when loading began. A page that loads later does not move a moderator who has moved since. */
  #from: Card | null = null
  #learning = 0

  constructor(cards: Cards, way: Way) {
    this.#cards = cards
    this.#way = way
    const top = new URL(location.href)
    top.searchParams.delete('after')
    this.#top = top.pathname + top.search
    element('halted')
      .querySelector('button')
      ?.addEventListener('click', () => this.go())
    addEventListener('online', () => {
      if (!element('halted').hidden) this.go()
    })
  }

  /**
   * Appends what comes next and makes its first card current. Where no page follows it asks from the top: what was
   * judged again, edited or taken back meanwhile stands there, above where this list was read. It says that
   * nothing is left only when the list from the top is empty, and everything decided here is saved.
   */
  async go(): Promise<void> {
    element('rest').hidden = true
    this.#from = this.#cards.current
    const next = linkIn(document)?.href
    this.#wanted = this.#loading || (!next && this.#way.busy())
    if (this.#wanted) return
    this.#loading = true
    element('halted').hidden = true
    try {
      if (next && (await this.#read(next))) return
      if (this.#way.busy()) this.#wanted = true
      else if (!(await this.#read(this.#top))) this.#end()
    } catch {
      element('halted').hidden = false
    } finally {
      this.#loading = false
    }
    if (!this.#way.busy()) this.saved()
  }

  /** Appends what comes next before it is needed, at the end, where it moves nothing. */
  async ahead(): Promise<void> {
    const next = linkIn(document)?.href
    if (!next || this.#loading) return
    this.#loading = true
    // Where that fails go asks again, and tells.
    await this.#read(next, false).catch(() => undefined)
    this.#loading = false
    if (!this.#wanted) return
    this.#wanted = false
    if (this.#cards.current !== this.#from) return
    const here = this.#cards.below(this.#from)
    if (here) this.#cards.go(here)
    else this.go()
  }

  /** Everything is saved: what was put off until then. */
  saved(): void {
    if (this.#wanted && this.#cards.all.length === 0) this.go()
    else if (!element('young').hidden) {
      clearTimeout(this.#learning)
      this.#learning = window.setTimeout(() => this.#renew(), 1000)
    }
  }

  /** Renews what a young filter still needs, once it has learned what was decided. */
  async #renew(): Promise<void> {
    const fresh = await fetchPage(this.#top).catch(() => undefined)
    if (fresh) over('young', fresh)
  }

  /** Takes in that so many stand in this view; whether there are cards among them that nobody was told of. */
  counted(n: number): boolean {
    if (this.#cards.all.length > 0 || this.#loading || this.#wanted || linkIn(document)) return false
    if (n > 0) element('rest').hidden = true
    else if (element('rest').hidden) this.go()
    return n > 0 && !this.#way.busy()
  }

  /** How many stand in this view now, on its first page. */
  async look(): Promise<number> {
    return (await fetchPage(this.#top)).querySelectorAll('.cards .card').length
  }

  /** Reads pages from an address on until one brings cards, and goes to the first of them; whether one did. */
  async #read(address: string, goes = true): Promise<boolean> {
    const saved = new Set(this.#cards.folded.filter(id => !this.#way.about(id)))
    for (let url: string | undefined = address; url; ) {
      const fresh = await fetchPage(url)
      const more = linkIn(fresh)
      frameOf(fresh, more?.href, !this.#way.busy())
      const added: Card[] = []
      for (const card of fresh.querySelectorAll<Card>('.cards .card')) {
        const id = idOf(card)
        // A card comes back where its decision was saved before this page was asked for: it was taken back since.
        if (this.#way.about(id) || (this.#cards.rowOf(id) && !saved.has(id))) continue
        const mine = this.#cards.take(card)
        if (mine) added.push(mine)
      }
      if (added.length > 0) {
        const moved = this.#cards.current !== this.#from
        if ((goes && !moved) || !this.#cards.current) this.#cards.go(added.find(card => !isHeld(card)) ?? added[0])
        return true
      }
      url = more?.href
    }
    return false
  }

  #end(): void {
    const heading = document.querySelector<HTMLElement>('#rest h2')
    if (heading && this.#cards.folded.length > 0) heading.textContent = heading.dataset.some ?? ''
    element('rest').hidden = false // the sheet hides it while there are cards
  }
}

/** The link to the next page. */
export function linkIn(page: Document): HTMLAnchorElement | null {
  return page.querySelector<HTMLAnchorElement>('.more-cards:not([hidden]) a')
}

/** Takes over what stands around the cards of a page: counts, if all is counted, the link to the next, what waits elsewhere. */
function frameOf(fresh: Document, next: string | undefined, counted: boolean): void {
  const line = element('more')
  line.hidden = next === undefined
  const a = line.querySelector('a')
  if (a && next) a.href = next
  for (const count of fresh.querySelectorAll<HTMLElement>('[data-count]')) {
    const mine = document.querySelector(`[data-count="${count.dataset.count}"]`)
    if (mine && counted) mine.textContent = count.textContent
  }
  over('others', fresh)
  over('young', fresh)
}

/** Takes an element over from a newer rendering of the page. */
function over(id: string, fresh: Document): void {
  const theirs = fresh.getElementById(id)
  if (theirs) element(id).replaceWith(document.importNode(theirs, true))
}
