/** What follows the last card: the next page, the first page again, or the message that the list is empty. */
import { type Card, type Cards, fetchPage, idOf, isHeld } from './cards'
import { countsOf } from './counts'
import { element } from './toast'

/** The unsaved decisions. */
export interface Unsaved {
  /** Reports whether a decision is not saved yet. */
  busy(): boolean
  /** Reports whether an unsaved decision is about a comment. */
  about(id: string): boolean
}

export class Onward {
  readonly #cards: Cards
  readonly #unsaved: Unsaved
  readonly #top: string
  /** The page load in progress; settles when it ends. */
  #loading: Promise<unknown> | undefined
  /** Whether to continue once all decisions are saved, or the page that is being loaded is here. */
  #pending = false
  /** The current card when loading began. A page that loads later does not move a moderator who has moved since. */
  #from: Card | null = null
  #renewTimer = 0

  constructor(cards: Cards, unsaved: Unsaved) {
    this.#cards = cards
    this.#unsaved = unsaved
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
   * Appends the next page and makes its first card current. After the last page it loads the first page again, because
   * comments that were rescored, edited or reopened in the meantime are there. It shows the end message only if that
   * page is empty and all decisions are saved.
   */
  async go(): Promise<void> {
    element('rest').hidden = true
    this.#from = this.#cards.current
    const next = linkIn(document)?.href
    this.#pending = this.#loading !== undefined || (!next && this.#unsaved.busy())
    if (this.#pending) return
    element('halted').hidden = true
    try {
      if (next && (await this.#load(next))) return
      if (this.#unsaved.busy()) this.#pending = true
      else if (!(await this.#load(this.#top))) this.#end()
    } catch {
      element('halted').hidden = false
    }
    if (!this.#unsaved.busy()) this.saved()
  }

  /**
   * Prefetches the next page and appends it at the end, where it moves no cards. If a page is being loaded, it waits for
   * that one instead. Returns whether there may be new cards.
   */
  async ahead(): Promise<boolean> {
    if (this.#loading) {
      await this.#loading
      return true
    }
    const next = linkIn(document)?.href
    if (!next) return false
    // After a failure, go retries and reports it.
    const more = await this.#load(next, false).catch(() => false)
    if (this.#pending) this.#resume()
    return more
  }

  async #load(address: string, goes = true): Promise<boolean> {
    const reading = this.#read(address, goes)
    this.#loading = reading.catch(() => undefined)
    try {
      return await reading
    } finally {
      this.#loading = undefined
    }
  }

  /** Goes on to the page that was being prefetched when the user reached the end. */
  #resume(): void {
    this.#pending = false
    if (this.#cards.current !== this.#from) return
    const here = this.#cards.below(this.#from)
    if (here) this.#cards.go(here)
    else this.go()
  }

  /** Runs what waited until all decisions are saved. */
  saved(): void {
    if (this.#pending && this.#cards.isEmpty) this.go()
    else if (!element('young').hidden) {
      clearTimeout(this.#renewTimer)
      this.#renewTimer = window.setTimeout(() => this.#renew(), 1000)
    }
  }

  /** Updates the hint about what an untrained model still needs, after it learned from the decisions. */
  async #renew(): Promise<void> {
    const fresh = await fetchPage(this.#top).catch(() => undefined)
    if (fresh) over('young', fresh)
  }

  /** Takes the number of comments in this view. Returns whether there are comments that were not announced. */
  counted(n: number): boolean {
    if (!this.#cards.isEmpty || this.#loading || this.#pending || linkIn(document)) return false
    if (n > 0) element('rest').hidden = true
    else if (element('rest').hidden) this.go()
    return n > 0 && !this.#unsaved.busy()
  }

  /** Returns the number of cards on the first page of this view now. */
  async look(): Promise<number> {
    return (await fetchPage(this.#top)).querySelectorAll('.cards .card').length
  }

  /** Loads pages from an address until one brings new cards, and goes to the first. Returns whether one did. */
  async #read(address: string, goes = true): Promise<boolean> {
    const saved = new Set(this.#cards.runs.ids.filter(id => !this.#unsaved.about(id)))
    for (let url: string | undefined = address; url; ) {
      const fresh = await fetchPage(url)
      const more = linkIn(fresh)
      frameOf(fresh, more?.href, !this.#unsaved.busy())
      const added: Card[] = []
      for (const card of fresh.querySelectorAll<Card>('.cards .card')) {
        const id = idOf(card)
        // If its decision was saved before this request, a listed card was reopened since, so it returns.
        if (this.#unsaved.about(id) || (this.#cards.runs.has(id) && !saved.has(id))) continue
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
    if (heading && this.#cards.runs.ids.length > 0) heading.textContent = heading.dataset.some ?? ''
    element('rest').hidden = false // CSS hides it while there are cards
    this.#cards.list.dispatchEvent(new Event('end'))
  }
}

/** Returns the link to the next page. */
export function linkIn(page: Document): HTMLAnchorElement | null {
  const line = page.getElementById('more')
  return line?.hidden === false ? line.querySelector('a') : null
}

/** Updates the page around the cards: the counts (if counted), the link to the next page, and the hints. */
function frameOf(fresh: Document, next: string | undefined, counted: boolean): void {
  const line = element('more')
  line.hidden = next === undefined
  const a = line.querySelector('a')
  if (a && next) a.href = next
  for (const kind of counted ? (['count', 'everywhere', 'pending'] as const) : []) {
    for (const count of fresh.querySelectorAll<HTMLElement>(`[data-${kind}]`))
      for (const mine of countsOf(kind, count.dataset[kind] ?? '')) mine.textContent = count.textContent
  }
  over('others', fresh)
  over('young', fresh)
}

/** Replaces an element with that of a newer rendering of the page. */
function over(id: string, fresh: Document): void {
  const theirs = fresh.getElementById(id)
  if (theirs) element(id).replaceWith(document.importNode(theirs, true))
}
