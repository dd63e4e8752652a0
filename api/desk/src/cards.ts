/** The list of cards: the current card, folded cards and new cards. It makes no decisions. */
import { localTimes } from './page'

/** A card is an article of the list, or the one comment of its own page. */
export type Card = HTMLElement

export const idOf = (card: Card): string => card.dataset.comment ?? ''

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

export const versionOf = (card: Card): number => Number(card.dataset.version)

/** Reports whether another user changed the comment after it was shown. Deciding it then needs a second press. */
export const isChanged = (card: Card): boolean => 'changed' in card.dataset

/** Reports whether the change moved the comment out of this view. The card is then greyed, and keys skip it. */
export const isSettled = (card: Card): boolean => 'settled' in card.dataset

/** Reports whether another moderator has the comment open. */
export const isHeld = (card: Card): boolean => 'held' in card.dataset

/** The list fires "change" when the selection or the cards change, and "current" when the current card changes. */
export class Cards {
  readonly list: HTMLElement
  readonly #folded = new Map<string, { card: Card; row: HTMLElement }>()

  constructor(list: HTMLElement) {
    this.list = list
    list.addEventListener('focusin', event => {
      const card = event.target instanceof Element ? event.target.closest<Card>('.card') : null
      if (card && card !== this.current) this.#mark(card)
    })
  }

  /** Returns the cards that are not folded, in order. */
  get all(): Card[] {
    return Array.from(this.list.querySelectorAll<Card>('.card'))
  }

  get current(): Card | null {
    return this.list.querySelector<Card>('.card[aria-current=true]')
  }

  get selected(): Card[] {
    return this.all.filter(card => boxOf(card)?.checked)
  }

  /** Returns the undecided cards of this view. */
  get open(): Card[] {
    return this.all.filter(card => !isSettled(card))
  }

  /** Selects all cards that no other user changed, or deselects everything if they are all selected. */
  selectAll(): void {
    const unchanged = this.all.filter(card => !isChanged(card))
    const on = unchanged.some(card => boxOf(card)?.checked === false)
    for (const card of on ? unchanged : this.selected) {
      const box = boxOf(card)
      if (box) box.checked = on
    }
    this.list.dispatchEvent(new Event('change'))
  }

  find(id: string): Card | undefined {
    return this.all.find(card => idOf(card) === id)
  }

  has(id: string): boolean {
    return this.#folded.has(id) || this.find(id) !== undefined
  }

  /** Makes a card current and focuses it. */
  go(card: Card | undefined, bringIntoView = true): void {
    if (!card) return
    this.#mark(card)
    card.focus({ preventScroll: true })
    if (bringIntoView) card.scrollIntoView({ block: 'nearest' })
  }

  #mark(card: Card): void {
    this.current?.removeAttribute('aria-current')
    card.setAttribute('aria-current', 'true')
    this.list.dispatchEvent(new Event('current'))
  }

  /** Returns the card above another, or the first card for null. */
  above(card: Card | null): Card | undefined {
    const all = this.all
    return card ? all[all.indexOf(card) - 1] : all[0]
  }

  /** Returns the next undecided card below another. Cards that other moderators have open come last. */
  below(card: Card | null): Card | undefined {
    const open = this.#below(card)
    return open.find(c => !isHeld(c)) ?? open[0]
  }

  #below(card: Card | null): Card[] {
    const all = this.all
    return all.slice(card ? all.indexOf(card) + 1 : 0).filter(c => !isSettled(c))
  }

  /** Returns the next card after deciding done: the next one below, or the nearest above. */
  after(card: Card, done: Card[]): Card | undefined {
    const below = this.#below(card).filter(c => !done.includes(c))
    const rest = this.open.filter(c => !done.includes(c))
    return below.find(c => !isHeld(c)) ?? rest.findLast(c => !isHeld(c)) ?? below[0] ?? rest.at(-1)
  }

  /** Replaces a card with a row. The card is kept for undo. */
  fold(card: Card, row: HTMLElement): void {
    const box = boxOf(card)
    if (box) box.checked = false
    for (const open of card.querySelectorAll('details[open]')) open.removeAttribute('open')
    card.removeAttribute('aria-current')
    if (card.dataset.alike) row.dataset.alike = card.dataset.alike
    const stands = this.rowOf(idOf(card)) ?? card.closest('li') // a row, if the card is already folded
    stands?.replaceWith(row)
    this.#folded.set(idOf(card), { card, row })
    this.list.dispatchEvent(new Event('change'))
  }

  /** Restores a folded card. Returns undefined if it is not folded here. */
  unfold(id: string): Card | undefined {
    const folded = this.#folded.get(id)
    if (!folded) return undefined
    this.#folded.delete(id)
    folded.row.replaceWith(itemOf(folded.card))
    this.list.dispatchEvent(new Event('change'))
    return folded.card
  }

  /** Returns the IDs of folded comments. */
  get folded(): string[] {
    return [...this.#folded.keys()]
  }

  rowOf(id: string): HTMLElement | undefined {
    return this.#folded.get(id)?.row
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
    const stays = state === view || (view === 'suspected' && state === 'pending')
    const notice = fresh.querySelector<HTMLElement>(':scope > .notice')
    const happened = fresh.querySelector<HTMLElement>('.t .happened')
    if (!same && !campaignOf(card)) for (const part of ['.t', '.what']) swap(card, fresh, part)
    for (const old of card.querySelectorAll(':scope > .notice, .t .happened')) old.remove()
    card.toggleAttribute('data-changed', !stays || !same)
    card.toggleAttribute('data-settled', !stays)
    if (isChanged(card) && notice && happened) {
      notice.querySelector('[data-again]')?.setAttribute('hidden', '')
      if (stays) notice.querySelector('[data-leave]')?.remove()
      card.querySelector('.w')?.before(notice)
      card.querySelector('.t .name')?.after(' ', happened)
      card.dataset.now = state
    }
    this.list.dispatchEvent(new Event('change'))
  }

  /** Shows that a comment was erased. */
  gone(card: Card, words: string): void {
    const notice = Object.assign(document.createElement('div'), { className: 'notice taken', role: 'alert' })
    notice.append(document.createElement('p'))
    notice.firstElementChild?.append(Object.assign(document.createElement('b'), { textContent: words }))
    card.querySelector(':scope > .notice')?.remove()
    card.querySelector('.w')?.before(notice)
    for (const said of card.querySelectorAll('.said, .text')) said.replaceChildren()
    card.dataset.changed = card.dataset.settled = ''
    card.dataset.now = 'removed'
    this.list.dispatchEvent(new Event('change'))
  }

  /** Scrolls a card and its alert into view. The current card stays current. */
  show(card: Card): void {
    for (const part of [card, card.querySelector('[role=alert]')]) part?.scrollIntoView({ block: 'nearest' })
    if (!this.current) this.go(card)
  }

  /**
   * Imports a card of another rendering, in place of its row or at the end. Returns undefined if it is already here.
   */
  take(theirs: Card): Card | undefined {
    if (this.find(idOf(theirs))) return undefined
    const card = adopt(theirs)
    card.removeAttribute('aria-current')
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
      const mine = this.find(idOf(theirs)) ?? this.rowOf(idOf(theirs))
      if (mine) {
        last = mine.closest('li')
        continue
      }
      const card = adopt(theirs)
      card.removeAttribute('aria-current')
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
    if (anchor?.isConnected && before !== undefined) scrollBy(0, anchor.getBoundingClientRect().top - before)
  }
}

/** Returns the checkbox that selects a card. */
export function boxOf(card: Card): HTMLInputElement | null {
  return card.querySelector<HTMLInputElement>('.pick input')
}

/** Returns a comment's text as one line, without elements added by the desk. Covered text becomes "…". */
export function lineOf(card: Card): string {
  const said = card.querySelector('.said')?.cloneNode(true) as HTMLElement | undefined
  if (!said || said.querySelector('details:not([open])')) return '…'
  for (const ours of said.querySelectorAll('summary, .host, .chip')) ours.remove()
  for (const end of said.querySelectorAll('p, li, pre, br')) end.after(' ')
  return (said.textContent ?? '').replace(/\s+/g, ' ').trim()
}

/** Returns the text and link targets of a comment, for detecting edits. */
function textOf(card: Card): string | undefined {
  const said = card.querySelector('.what > .said')
  const targets = [...(said?.querySelectorAll<HTMLElement>('.link') ?? [])].map(link => link.title)
  return said ? [said.textContent?.trim(), ...targets].join('\n') : undefined
}

/** Replaces a part of a card with the same part of a newer rendering. */
function swap(card: Card, fresh: Card, part: string): void {
  const theirs = fresh.querySelector(part)
  if (theirs) card.querySelector(part)?.replaceWith(theirs)
}

/** Returns the description of another user's change to a comment. */
export function happenedTo(card: Card): string {
  return card.querySelector(':scope > .notice b')?.textContent ?? ''
}

/** Sets the version of a card and in its forms. */
export function setVersion(card: Card, version: number): void {
  card.dataset.version = String(version)
  for (const input of card.querySelectorAll<HTMLInputElement>('input[name=comment]'))
    input.value = `${idOf(card)}:${version}`
  for (const input of card.querySelectorAll<HTMLInputElement>('input[name=version]')) input.value = String(version)
}

function itemOf(card: Card): HTMLElement {
  const item = document.createElement('li')
  item.append(card)
  return item
}

function rowsOf(band: Element): Element {
  return band.querySelector('.lines') ?? band
}

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
  localTimes(copy)
  return copy
}

/**
 * Fetches one of our own pages as a document. Such a document runs no scripts, and no markup passes through a string.
 */
export function fetchPage(url: string): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('GET', url)
    request.responseType = 'document'
    request.onload = () => {
      // Without a session the response is the sign-in page, which has no list.
      if (request.status === 200 && request.responseXML?.querySelector('.cards')) resolve(request.responseXML)
      else reject(new Error(`${request.status}`))
    }
    request.onerror = () => reject(new Error('no answer'))
    request.send()
  })
}
