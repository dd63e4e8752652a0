/** Who else has the queue open, and which comment they look at. It holds nobody back: two may look at one. */
import { type Card, type Cards, idOf } from './cards'
import { element } from './toast'
import { say } from './words'

/** Somebody who has the queue open. */
export interface Person {
  account: string
  name: string
  comment: string | null
}

const settle = 1000 // a comment that is passed over is not looked at
const beat = 20000
const idleAfter = 120000
const longLook = 5000
const faces = 3

export class Presence {
  readonly #cards: Cards
  readonly #url: string
  #others: Person[] = []
  /** Since when somebody has been where they are, by account. */
  readonly #since = new Map<string, number>()
  /** Who looked long at a comment and left it as it is. */
  readonly #looked = new Map<string, string>()
  #told: string | null | undefined // what the service knows of us; undefined: that we are not here
  #toldAt = 0
  #active = Date.now()
  #timer = 0

  constructor(cards: Cards, url: string) {
    this.#cards = cards
    this.#url = url
    cards.list.addEventListener('current', () => this.#soon())
    cards.list.addEventListener('change', () => this.#show())
    for (const sign of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'])
      addEventListener(sign, () => this.#awake(), { passive: true })
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#leave() : this.#soon()))
    addEventListener('pagehide', () => this.#leave())
    addEventListener('pageshow', () => this.#soon())
    setInterval(() => this.#tell(), beat)
    this.#tell() // at once, so that the next moderator starts elsewhere
  }

  /** Takes note of who is present now. */
  told(all: Person[]): void {
    const now = Date.now()
    for (const { account, name, comment } of this.#others) {
      const at = all.find(person => person.account === account)?.comment
      if (at === comment) continue
      if (comment && now - (this.#since.get(account) ?? now) >= longLook) this.#looked.set(comment, name)
      this.#since.delete(account)
    }
    this.#others = all.filter(person => person.account !== document.body.dataset.account)
    for (const { account } of this.#others) if (!this.#since.has(account)) this.#since.set(account, now)
    this.#cards.steady(() => this.#show())
    this.#faces()
  }

  #awake(): void {
    const idle = Date.now() - this.#active > idleAfter
    this.#active = Date.now()
    if (idle) this.#soon()
  }

  #soon(): void {
    clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => this.#tell(), settle)
  }

  /**
   * Says what we look at, when that is news or was long ago. Who does nothing for two minutes is not there; who decides
   * nothing is in nobody's way.
   */
  #tell(): void {
    if (!('decides' in this.#cards.list.dataset)) return
    if (document.hidden || Date.now() - this.#active > idleAfter) {
      this.#leave()
      return
    }
    const current = this.#cards.current
    const comment = current ? idOf(current) : null
    if (comment === this.#told && Date.now() - this.#toldAt < beat / 2) return
    this.#told = comment
    this.#toldAt = Date.now()
    const body = JSON.stringify({ comment })
    // What is lost is said again in a while.
    fetch(this.#url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => undefined)
  }

  #leave(): void {
    clearTimeout(this.#timer)
    if (this.#told === undefined) return
    this.#told = undefined
    fetch(this.#url, { method: 'DELETE', keepalive: true }).catch(() => undefined)
  }

  #show(): void {
    for (const card of this.#cards.all) this.#mark(card)
  }

  /** Says on a card who looks at it, and in the pane besides who did. */
  #mark(card: Card): void {
    const id = idOf(card)
    const looking = this.#others.filter(person => person.comment === id).map(person => person.name)
    const now = looking.length > 0 ? say('looking', { who: looking.join(', ') }) : ''
    const looked = this.#looked.get(id)
    const before = looked && !looking.includes(looked) ? say('looked', { who: looked }) : ''
    card.toggleAttribute('data-held', now !== '')
    pill(card.querySelector('.t .name'), now)
    pill(card.querySelector('.who > b'), now || before)
  }

  /** Shows who is here, beside oneself. */
  #faces(): void {
    document.querySelector('.faces')?.remove()
    if (this.#others.length === 0) return
    const all = Object.assign(document.createElement('span'), { className: 'faces' })
    for (const { name } of this.#others.slice(0, faces)) {
      const face = Object.assign(document.createElement('span'), { className: 'ini', textContent: initial(name) })
      face.role = 'img'
      face.title = face.ariaLabel = say('here', { who: name })
      all.append(face)
    }
    document.querySelector('.top .me')?.before(all)
  }
}

/** Puts words into a pill behind an element, or takes it away. */
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
