/** The list of cards: the current card, folded cards and new cards. It makes no decisions. */
import { localTimes } from './page'
import { detailsOf } from './pane'
import { type Fold, Runs } from './runs'

/** A card is an article of the list, or the one comment of its own page. */
export type Card = HTMLElement

export const idOf = (card: Card): string => card.dataset.comment ?? ''

export const siteOf = (card: Card): string => card.dataset.site ?? ''

/** The campaign that a card represents: its members up to the one numbered upto, of which n are pending. */
export interface FoldedCampaign {
  id: string
  upto: number
  n: number
}

export function campaignOf(card: Card): FoldedCampaign | undefined {
  const { campaign, upto, alike } = card.dataset
  return campaign ? { id: campaign, upto: Number(upto), n: Number(alike) } : undefined
}

/** Returns the number of comments that a card represents. */
export const countOf = (card: Card): number => Number(card.dataset.alike ?? 1)

export const versionOf = (card: Card): number => Number(card.dataset.version)

/** Reports whether an action is available for a comment. */
export const can = (card: Card, action: string): boolean => (card.dataset.can ?? '').split(' ').includes(action)

/** Reports whether another user changed the comment after it was shown. Deciding it then needs a second press. */
export const isChanged = (card: Card): boolean => 'changed' in card.dataset

/** Reports whether the change moved the comment out of this view. The card is then greyed, and keys skip it. */
export const isSettled = (card: Card): boolean => 'settled' in card.dataset

/** Reports whether another moderator has the comment open. */
export const isHeld = (card: Card): boolean => 'held' in card.dataset

/** Reports whether the preview of a filter hides the card's row. */
export const isHidden = (card: Card): boolean => card.closest('li')?.hidden === true

/** Returns the name of a card's commenter, at most 40 characters. */
export function nameOf(card: Card): string {
  const name = Array.from((card.querySelector('.name') ?? card.querySelector('.who b'))?.textContent?.trim() ?? '')
  return name.length > 40 ? `${name.slice(0, 40).join('')}…` : name.join('')
}

/** On narrow screens the page scrolls, otherwise the list. */
const narrow = matchMedia('(max-width: 860px), (max-height: 460px)')

/** The list fires "change" when the selection or the cards change, and "current" when the current card changes. */
export class Cards {
  readonly list: HTMLElement
  readonly runs = new Runs()
  #current: Card | null

  constructor(list: HTMLElement) {
    this.list = list
    this.#current = list.querySelector<Card>('.card[aria-current=true]')
    list.addEventListener('focusin', event => {
      const card = event.target instanceof Element ? event.target.closest<Card>('.card') : null
      if (card && card !== this.current) this.#mark(card)
    })
    list.addEventListener('change', event => {
      const card = event.target instanceof HTMLInputElement ? event.target.closest<Card>('.card') : null
      card?.toggleAttribute('data-picked', boxOf(card)?.checked)
    })
    const some = () => list.classList.toggle('some', !this.isEmpty)
    list.addEventListener('change', some)
    some()
    for (const card of this.all) quiet(card)
  }

  /** Returns the element that scrolls the list. */
  get scroller(): Element {
    return narrow.matches ? (document.scrollingElement ?? document.body) : (this.list.closest('.rows') ?? document.body)
  }

  /** Returns the cards that are not folded, in order. */
  get all(): Card[] {
    return bandsOf(this.list).flatMap(cardsIn)
  }

  /** Reports whether the list has no cards, or all of them are folded. */
  get isEmpty(): boolean {
    return this.#following(null).next().done === true
  }

  get current(): Card | null {
    return this.#current?.isConnected ? this.#current : null
  }

  get selected(): Card[] {
    return this.all.filter(card => 'picked' in card.dataset)
  }

  /** Returns the undecided cards of this view. */
  get open(): Card[] {
    return this.all.filter(card => !isSettled(card))
  }

  /** Selects all visible cards that no other user changed, or deselects everything if they are all selected. */
  selectAll(): void {
    const unchanged = this.all.filter(card => !isChanged(card) && !isHidden(card))
    const on = unchanged.some(card => boxOf(card)?.checked === false)
    for (const card of on ? unchanged : this.selected) pick(card, on)
    this.list.dispatchEvent(new Event('change'))
  }

  /** Returns the card of a comment that is not folded. */
  find(id: string): Card | undefined {
    const card = document.getElementById(`c-${id}`)
    return card && this.list.contains(card) ? card : undefined
  }

  has(id: string): boolean {
    return this.runs.has(id) || this.find(id) !== undefined
  }

  /**
   * Makes a card current and focuses it. If scrolls is set, the list scrolls the card's top to y on the screen, clamped
   * to the upper third of the list. Without y, a card in that third stays where it is.
   */
  go(card: Card | undefined, scrolls = true, y?: number): void {
    if (!card) return
    this.#mark(card)
    card.focus({ preventScroll: true })
    if (scrolls) this.#keepHigh(card, y)
  }

  #mark(card: Card): void {
    const former = this.#current
    if (former) {
      former.removeAttribute('aria-current')
      former.tabIndex = -1
    }
    this.#current = card
    card.setAttribute('aria-current', 'true')
    card.tabIndex = 0
    this.list.dispatchEvent(new Event('current'))
  }

  /** Scrolls a card's top to y on the screen, clamped to the upper third of the list, below the sticky bars. */
  #keepHigh(card: Card, y?: number): void {
    const scroller = this.scroller
    const whole = scroller === document.scrollingElement
    const top = whole ? 0 : scroller.getBoundingClientRect().top
    const height = whole ? innerHeight : scroller.clientHeight
    const now = card.getBoundingClientRect().top
    const least = whole ? 64 : 48 // below sticky bars
    const to = Math.max(top + least, Math.min(y ?? now, top + height / 3))
    if (to !== now) scroller.scrollBy(0, now - to)
  }

  /** Returns the card above another, or the first card for null. */
  above(card: Card | null): Card | undefined {
    const all = this.all
    return card ? all[all.indexOf(card) - 1] : all[0]
  }

  /**
   * Returns the next undecided card below another that is not in done. Cards that other moderators have open come last.
   */
  below(card: Card | null, done?: Set<Card>): Card | undefined {
    let held: Card | undefined
    for (const next of this.#following(card)) {
      if (isSettled(next) || done?.has(next)) continue
      if (!isHeld(next)) return next
      held ??= next
    }
    return held
  }

  /** Yields the cards below a card, in order. For null or a folded card, it yields all cards. */
  *#following(card: Card | null): Generator<Card> {
    let row: Element | null = card && this.list.contains(card) ? card.closest('li') : null
    let band = row?.closest('.band') ?? this.list.firstElementChild
    while (band) {
      row = row ? row.nextElementSibling : rowsOf(band).firstElementChild
      if (!row) band = band.nextElementSibling
      else if (isCard(row.firstElementChild)) yield row.firstElementChild
    }
  }

  /** Reports whether at most n cards are below the current one. */
  endsWithin(n: number): boolean {
    const rest = this.#following(this.current)
    while (n-- >= 0) if (rest.next().done) return true
    return false
  }

  /** Returns the next card after deciding done: the next one below, or the nearest above. */
  after(card: Card, done: Card[]): Card | undefined {
    const decided = new Set(done)
    const below = this.below(card, decided)
    if (below && !isHeld(below)) return below
    const rest = this.open.filter(c => !decided.has(c))
    return rest.findLast(c => !isHeld(c)) ?? below ?? rest.at(-1)
  }

  /** Folds a card's row. The card is kept for undo. */
  fold(card: Card, fold: Fold): void {
    pick(card, false)
    card.removeAttribute('aria-current')
    if (card === this.#current) this.#current = null
    this.runs.fold(card, fold)
  }

  /** Restores a folded card. Returns undefined if it is not folded here. */
  unfold(id: string): Card | undefined {
    const card = this.runs.unfold(id)
    if (card) this.list.dispatchEvent(new Event('change'))
    return card
  }

  /**
   * Shows a newer rendering of a card that another user changed. The card and its buttons keep their places, because
   * the user may be about to click.
   */
  change(card: Card, by: Card): void {
    const fresh = adopt(by)
    setVersion(card, versionOf(fresh))
    const state = fresh.dataset.state ?? ''
    const same = textOf(card) === textOf(fresh)
    const { view } = this.list.dataset
    const stays = view === 'all' || state === view || (view === 'suspected' && state === 'pending')
    const notice = detailsOf(fresh).querySelector<HTMLElement>('.notice.taken')
    const happened = fresh.querySelector<HTMLElement>('.t .happened')
    const there = detailsOf(card)
    if (!same && !campaignOf(card)) {
      const row = fresh.querySelector('.t')
      if (row) card.querySelector('.t')?.replaceWith(row)
      there.replaceChildren(...detailsOf(fresh).childNodes)
    }
    for (const old of [...there.querySelectorAll('.notice.taken'), ...card.querySelectorAll('.t .happened')])
      old.remove()
    card.toggleAttribute('data-changed', !stays || !same)
    card.toggleAttribute('data-settled', !stays)
    if (isChanged(card) && notice && happened) {
      notice.querySelector('[data-again]')?.setAttribute('hidden', '')
      notice.removeAttribute('role') // the row announces it
      if (stays) notice.querySelector('[data-leave]')?.remove()
      there.prepend(notice)
      card.querySelector('.t .name')?.after(' ', happened)
      card.dataset.now = state
    }
    this.list.dispatchEvent(new Event('change'))
  }

  /** Shows that a comment was erased. */
  gone(card: Card, words: string): void {
    const notice = Object.assign(document.createElement('div'), { className: 'notice taken' })
    notice.append(document.createElement('p'))
    notice.firstElementChild?.append(Object.assign(document.createElement('b'), { textContent: words }))
    const there = detailsOf(card)
    there.querySelector('.notice.taken')?.remove()
    there.prepend(notice)
    for (const said of [...there.querySelectorAll('.said'), ...card.querySelectorAll('.text')]) said.replaceChildren()
    const pill = Object.assign(document.createElement('span'), { className: 'pill happened', textContent: words })
    pill.role = 'alert'
    card.querySelector('.t .happened')?.remove()
    card.querySelector('.t .name')?.after(' ', pill)
    card.dataset.changed = card.dataset.settled = ''
    card.dataset.now = 'removed'
    this.list.dispatchEvent(new Event('change'))
  }

  /** Scrolls a card into view. The current card stays current. */
  show(card: Card): void {
    card.scrollIntoView({ block: 'nearest' })
    if (!this.current) this.go(card)
  }

  /**
   * Imports a card of another rendering, in place of its row or at the end. Returns undefined if it is already here.
   */
  take(theirs: Card): Card | undefined {
    if (this.find(idOf(theirs))) return undefined
    const card = adopt(theirs)
    const mine = this.unfold(idOf(theirs))
    if (mine) mine.replaceWith(card)
    else {
      this.#lastBand(theirs).append(itemOf(card))
      this.list.dispatchEvent(new Event('change'))
    }
    return card
  }

  /** Returns the rows of the last band if an imported card belongs to it, otherwise of a new band at the end. */
  #lastBand(theirs: Card): Element {
    const band = theirs.closest<HTMLElement>('.band')
    const last = this.list.querySelector<HTMLElement>('.band:last-of-type')
    if (last && (!band || last.dataset.band === band.dataset.band)) return rowsOf(last)
    const added = emptied(band)
    this.list.append(added)
    return rowsOf(added)
  }

  /** Inserts the missing cards of another rendering of the list, each after its predecessor. */
  merge(fresh: Document): Card[] {
    const added: Card[] = []
    let last: Element | null = null
    for (const theirs of fresh.querySelectorAll<Card>('.cards .card')) {
      const mine = this.find(idOf(theirs)) ?? this.runs.lineOf(idOf(theirs))
      if (mine) {
        last = mine.closest('li')
        continue
      }
      const card = adopt(theirs)
      const item = itemOf(card)
      this.#insert(item, last, theirs.closest<HTMLElement>('.band'))
      last = item
      added.push(card)
    }
    if (added.length > 0) this.list.dispatchEvent(new Event('change'))
    return added
  }

  /** Inserts a row after another, or at the top. It creates the row's band if the neighbouring bands are different. */
  #insert(item: HTMLElement, after: Element | null, theirs: HTMLElement | null): void {
    const before = after?.closest<HTMLElement>('.band') ?? null
    if (after && (!theirs || before?.dataset.band === theirs.dataset.band)) {
      after.after(item)
      return
    }
    let band = (before ? before.nextElementSibling : this.list.querySelector('.band')) as HTMLElement | null
    if (!band || band.dataset.band !== theirs?.dataset.band) {
      band = emptied(theirs)
      if (before) before.after(band)
      else this.list.prepend(band)
    }
    rowsOf(band).prepend(item)
  }

  /** Runs change and keeps the current card at its place on the screen. */
  steady(change: () => void): void {
    const anchor = this.current
    const before = anchor?.getBoundingClientRect().top
    change()
    if (anchor?.isConnected && before !== undefined)
      this.scroller.scrollBy(0, anchor.getBoundingClientRect().top - before)
  }
}

/** Returns the checkbox that selects a card. */
export function boxOf(card: Card): HTMLInputElement | null {
  return card.querySelector<HTMLInputElement>('.pick input')
}

/** Selects or deselects a card. */
export function pick(card: Card, on: boolean): void {
  const box = boxOf(card)
  if (box) box.checked = on
  card.toggleAttribute('data-picked', on && box !== null)
}

/** Returns the text and link targets of a comment, for detecting edits. */
function textOf(card: Card): string | undefined {
  const said = detailsOf(card).querySelector('.said:not(.against .said)')
  const targets = [...(said?.querySelectorAll<HTMLElement>('.link') ?? [])].map(link => link.title)
  return said ? [said.textContent?.trim(), ...targets].join('\n') : undefined
}

/** Returns the description of another user's change to a comment. */
export function happenedTo(card: Card): string {
  return card.querySelector('.t .happened')?.textContent ?? ''
}

/** Sets the version of a card and in its checkbox. */
export function setVersion(card: Card, version: number): void {
  card.dataset.version = String(version)
  const box = boxOf(card)
  if (box?.name === 'comment') box.value = `${siteOf(card)}/${idOf(card)}:${version}`
}

function itemOf(card: Card): HTMLElement {
  const item = document.createElement('li')
  item.append(card)
  return item
}

export function rowsOf(band: Element): Element {
  return band.querySelector('.lines') ?? band
}

/** Returns the bands of a list. Like cardsIn, it does not search in rows, so its time is that of the rows alone. */
export function bandsOf(list: Element): HTMLElement[] {
  return Array.from(list.children as HTMLCollectionOf<HTMLElement>).filter(band => band.matches('.band'))
}

/** Returns the cards of a band that are not folded, in order. */
export function cardsIn(band: Element): Card[] {
  return Array.from(rowsOf(band).children, row => row.firstElementChild).filter(isCard)
}

const isCard = (content: Element | null): content is Card => content?.matches('.card') === true

/** Returns a copy of a band without its rows. */
function emptied(theirs: HTMLElement | null): HTMLElement {
  const band = theirs ? document.importNode(theirs, true) : document.createElement('section')
  band.classList.add('band')
  const rows = band.querySelector('.lines')
  if (rows) rows.replaceChildren()
  else band.append(Object.assign(document.createElement('ol'), { className: 'lines' }))
  return band
}

function adopt(card: Card): Card {
  const copy = document.importNode(card, true)
  copy.removeAttribute('aria-current')
  copy.tabIndex = -1
  quiet(copy)
  localTimes(copy)
  return copy
}

/**
 * Makes a row one tab stop. Its box and its link are reached by keys, and without script by the Tab key. Browsers would save
 * all boxes at each change of the address, and restore them for other comments.
 */
function quiet(card: Card): void {
  for (const stop of card.querySelectorAll<HTMLElement>('a, input')) stop.tabIndex = -1
  const box = boxOf(card)
  if (box) box.autocomplete = 'off'
}

/**
 * Fetches one of our own pages as a document. Such a document runs no scripts, and no markup passes through a string.
 */
export function fetchPage(url: string, needs = '.cards'): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('GET', url)
    request.responseType = 'document'
    request.onload = () => {
      // Without a session the response is the sign-in page, which lacks the element.
      if (request.status === 200 && request.responseXML?.querySelector(needs)) resolve(request.responseXML)
      else reject(new Error(`${request.status}`))
    }
    request.onerror = () => reject(new Error('no answer'))
    request.send()
  })
}
