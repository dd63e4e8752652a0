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
  #reported: string | null | undefined // the comment last reported; undefined if absent
  #reportedAt = 0
  #active = Date.now()
  #timer = 0

  constructor(cards: Cards, url: string) {
    this.#cards = cards
    this.#url = url
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
    this.#cards.steady(() => this.#show())
    this.#faces()
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
  }

  /** Shows on a card who looks at it. The pane also shows who looked before. */
  #mark(card: Card): void {
    const id = idOf(card)
    const looking = this.#others.filter(person => person.comment === id).map(person => person.name)
    const now = looking.length > 0 ? say('looking', { who: looking.join(', ') }) : ''
    const looked = this.#lookedBefore.get(id)
    const before = looked && !looking.includes(looked) ? say('looked', { who: looked }) : ''
    card.toggleAttribute('data-held', now !== '')
    pill(card.querySelector('.t .name'), now)
    pill(detailsOf(card).querySelector('.who b'), now || before)
  }

  /** Shows the other moderators. */
  #faces(): void {
    const here = element('here')
    here.replaceChildren()
    for (const { name } of this.#others.slice(0, faces)) {
      const face = Object.assign(document.createElement('span'), { className: 'av xs', textContent: initial(name) })
      face.ariaHidden = 'true'
      here.append(face)
    }
    if (this.#others.length === 0) return
    const names = this.#others.map(person => person.name).join(', ')
    here.append(
      Object.assign(document.createElement('span'), { className: 'cut', textContent: say('here', { who: names }) }),
    )
  }
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
