/** Other moderators who have the queue open, and the comments they look at. It locks nothing. */
import { type Card, type Cards, idOf, siteOf } from './cards'
import { detailsOf } from './pane'
import { element } from './toast'
import { say } from './words'

/** A moderator who has the queue open. */
export interface Person {
  account: string
  name: string
  comment: string | null
  /** While it is odd, the queue is split. */
  split: number
  /** The sites that this person may moderate; undefined means all of this page. */
  sites?: string[]
}

const reportDelay = 1000 // ms; comments that are only skipped are not reported
const reportInterval = 20000
const idleAfter = 120000
const longLook = 5000
const faces = 3

export class Presence {
  readonly #cards: Cards
  readonly #url: string
  #others: Person[] = []
  /** Time since when each account looks at its comment. */
  readonly #since = new Map<string, number>()
  /** Names of moderators who looked at a comment for long and left without deciding. */
  readonly #lookedBefore = new Map<string, string>()
  /** IDs of the comments on which somebody was shown last. */
  #marked: string[] = []
  /** Whether this page has not yet seen the split of the others. */
  #joins = true
  /** Whether rows show split labels. */
  #wasSplit = false
  #reported: string | null | undefined // the comment last reported; undefined if absent
  #reportedAt = 0
  #active = Date.now()
  #timer = 0
  /** The largest split of all who are present. Each change adds one. */
  #split = 0
  readonly #tell: (words: string) => void

  constructor(cards: Cards, url: string, tell: (words: string) => void) {
    this.#cards = cards
    this.#url = url
    this.#tell = tell
    element('split').addEventListener('click', () => this.#change())
    cards.list.addEventListener('current', () => this.#reportSoon())
    cards.list.addEventListener('change', () => this.#show())
    for (const sign of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'])
      addEventListener(sign, () => this.#markActive(), { passive: true })
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#leave() : this.#reportSoon()))
    addEventListener('pagehide', () => this.#leave())
    addEventListener('pageshow', () => this.#reportSoon())
    setInterval(() => this.#report(), reportInterval)
    this.#report() // at once, so that the next moderator starts at another comment
  }

  /** Takes the moderators who are present now. */
  update(all: Person[]): void {
    const now = Date.now()
    for (const { account, name, comment } of this.#others) {
      const at = all.find(person => person.account === account)?.comment
      if (at === comment) continue
      if (comment && now - (this.#since.get(account) ?? now) >= longLook) this.#lookedBefore.set(comment, name)
      this.#since.delete(account)
    }
    this.#others = all.filter(person => person.account !== document.body.dataset.account)
    for (const { account } of this.#others) if (!this.#since.has(account)) this.#since.set(account, now)
    this.#follow()
    this.#cards.steady(() => this.#show())
    this.#faces()
  }

  get #isSplit(): boolean {
    return this.#split % 2 === 1
  }

  /** Splits the queue with the others, or ends the split. */
  #change(): void {
    this.#split++
    this.#reportedAt = 0
    this.#report()
    this.#tell(say(this.#isSplit ? 'split.on' : 'split.off', { who: this.#names }))
    this.#cards.steady(() => this.#show())
    this.#faces()
  }

  /** Follows another moderator who split the queue or ended the split. */
  #follow(): void {
    const [first, ...rest] = this.#others
    if (!first) return
    const newest = rest.reduce((a, b) => (b.split > a.split ? b : a), first)
    const joins = this.#joins
    this.#joins = false
    if (newest.split <= this.#split) return
    const before = this.#isSplit
    this.#split = newest.split
    this.#reportedAt = 0
    this.#report()
    if (this.#isSplit === before) return
    if (joins) this.#tell(say('split.on', { who: this.#names }))
    else this.#tell(say(this.#isSplit ? 'split.began' : 'split.ended', { who: newest.name }))
  }

  /** Returns the moderator to whom the split assigns a comment; undefined means this one. */
  #ownerOf(card: Card): Person | undefined {
    const id = idOf(card)
    let best = hash(id + document.body.dataset.account)
    let owner: Person | undefined
    for (const person of this.#others) {
      const joins = person.split === this.#split && (person.sites?.includes(siteOf(card)) ?? true)
      const own = joins ? hash(id + person.account) : -1
      if (own > best) {
        best = own
        owner = person
      }
    }
    return owner
  }

  #markActive(): void {
    const idle = Date.now() - this.#active > idleAfter
    this.#active = Date.now()
    if (idle) this.#reportSoon()
  }

  #reportSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => this.#report(), reportDelay)
  }

  /**
   * Reports the current comment if it changed, or if the last report expires soon. After two idle minutes it reports
   * absence. Users who may not decide are not reported.
   */
  #report(): void {
    if (!('decides' in this.#cards.list.dataset)) return
    if (document.hidden || Date.now() - this.#active > idleAfter) {
      this.#leave()
      return
    }
    const current = this.#cards.current
    const comment = current ? idOf(current) : null
    if (comment === this.#reported && Date.now() - this.#reportedAt < reportInterval / 2) return
    this.#reported = comment
    this.#reportedAt = Date.now()
    const body = JSON.stringify({
      comment,
      split: this.#split,
      ...(current && !document.body.dataset.site ? { site: siteOf(current) } : {}),
    })
    // A lost report is repeated at the next reportInterval.
    fetch(this.#url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => undefined)
  }

  #leave(): void {
    clearTimeout(this.#timer)
    if (this.#reported === undefined) return
    this.#reported = undefined
    fetch(this.#url, { method: 'DELETE', keepalive: true }).catch(() => undefined)
  }

  #show(): void {
    const ids = new Set([...this.#marked, ...this.#lookedBefore.keys(), ...this.#others.map(person => person.comment)])
    this.#marked = this.#others.flatMap(person => person.comment ?? [])
    for (const id of ids) {
      const card = id ? this.#cards.find(id) : undefined
      if (card) this.#mark(card)
    }
    if (!this.#isSplit && !this.#wasSplit) return
    this.#wasSplit = this.#isSplit
    for (const card of this.#cards.all) this.#mark(card)
  }

  /** Shows on a card who looks at it. The pane also shows who looked before. */
  #mark(card: Card): void {
    const id = idOf(card)
    const looking = this.#others.filter(person => person.comment === id).map(person => person.name)
    const owner = this.#isSplit ? this.#ownerOf(card)?.name : undefined
    const theirs = owner ? say('split.of', { who: owner }) : ''
    const now = looking.length > 0 ? say('looking', { who: looking.join(', ') }) : theirs
    const looked = this.#lookedBefore.get(id)
    const before = looked && !looking.includes(looked) ? say('looked', { who: looked }) : ''
    card.toggleAttribute('data-held', now !== '')
    pill(card.querySelector('.t .name'), now)
    pill(detailsOf(card).querySelector('.who b'), now || before)
  }

  get #names(): string {
    return this.#others.map(person => person.name).join(', ')
  }

  /** Shows the other moderators, and the button that splits the queue with them. */
  #faces(): void {
    const here = element('here')
    const button = element('split')
    button.hidden = this.#others.length === 0 || !('decides' in this.#cards.list.dataset)
    button.textContent = say(this.#isSplit ? 'split.end' : 'split')
    here.replaceChildren()
    for (const { name } of this.#others.slice(0, faces)) {
      const face = Object.assign(document.createElement('span'), { className: 'av xs', textContent: initial(name) })
      face.ariaHidden = 'true'
      here.append(face)
    }
    if (this.#others.length === 0) return
    here.append(
      Object.assign(document.createElement('span'), {
        className: 'cut',
        textContent: say('here', { who: this.#names }),
      }),
    )
  }
}

/** Returns a number that spreads evenly: FNV-1a, 32 bits, with the finalizer of MurmurHash3. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Shows words in a pill after an element, or removes the pill if words is empty. */
function pill(after: Element | null, words: string): void {
  const next = after?.nextElementSibling
  const there = next?.matches('.looking') ? next : undefined
  if (there?.textContent?.trim() === words) return
  there?.remove()
  if (!words) return
  const made = (element('looking') as HTMLTemplateElement).content.firstElementChild?.cloneNode(true) as HTMLElement
  const said = made.querySelector('bdi')
  if (said) said.textContent = words
  after?.after(made)
}

function initial(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim())
  return first?.segment.toLocaleUpperCase() ?? ''
}
