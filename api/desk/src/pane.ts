/** The pane: the current comment in full, and the buttons that decide it. */
import { type Card, type Cards, campaignOf, idOf, nameOf, siteOf, versionOf } from './cards'
import { newKey } from './outbox'
import { localTimes } from './page'
import { element } from './toast'
import { say } from './words'

/** The card whose details are in the pane. The details of the others are in their templates, which are inert. */
let shown: Card | null = null

/** Returns the root of a card's details. */
export function detailsOf(card: Card): ParentNode {
  return card === shown ? element('what') : (card.querySelector('template')?.content ?? card)
}

/** Returns the card to which an element belongs: its row, or the card that the pane shows. */
export function cardOf(target: Element | null | undefined): Card | null {
  return target?.closest<Card>('.card') ?? (target?.closest('#pane') ? shown : null)
}

export class Pane {
  readonly #what = element('what')
  readonly #deal = element('deal')
  readonly #box = element('pane')
  /** Idempotency-Keys of replies by comment, so that a repeated reply is posted once. */
  readonly #keys = new Map<string, string>()

  constructor(cards: Cards) {
    cards.list.addEventListener('current', () => this.show(cards.current))
    cards.list.addEventListener('change', () => this.#fill())
    element('more-acts').addEventListener('click', () => this.sheet())
    this.show(cards.current)
  }

  /** Opens or closes the sheet that shows the pane on a phone. */
  sheet(open = !this.#box.classList.contains('open')): void {
    this.#box.classList.toggle('open', open)
    element('more-acts').ariaExpanded = String(open)
  }

  /** Shows a card's details. */
  show(card: Card | null): void {
    if (card !== shown) {
      shown?.querySelector('template')?.content.append(...this.#what.childNodes)
      for (const open of this.#box.querySelectorAll('details[open]')) open.removeAttribute('open')
      for (const form of this.#deal.querySelectorAll('form')) form.reset()
      this.sheet(false)
      const template = card?.querySelector('template')
      this.#what.replaceChildren(...(template ? [template.content] : []))
      shown = card
      localTimes(this.#what)
      this.#fill()
      this.#what.scrollTop = 0 // last, because it computes the layout
    } else this.#fill()
  }

  /** Fills the buttons and forms with the card's values. */
  #fill(): void {
    const card = shown
    this.#deal.hidden = card === null
    if (!card) return
    const id = idOf(card)
    const can = (card.dataset.can ?? '').split(' ')
    const all = campaignOf(card)
    this.#box.ariaLabel = all ? nameOf(card) : say('pane', { name: nameOf(card) })
    this.#deal.dataset.comment = id
    this.#deal.dataset.own = card.dataset.ownAppeal ?? ''
    for (const button of this.#deal.querySelectorAll<HTMLButtonElement>('button[name=action]')) {
      button.hidden = !can.includes(button.value)
      const count = button.querySelector('b')
      if (count) count.textContent = all ? ` ${all.n}` : ''
    }
    const refuse = this.#deal.querySelector<HTMLElement>('.refuse')
    if (refuse) refuse.hidden = !can.includes('reject')
    for (const button of this.#deal.querySelectorAll<HTMLButtonElement>('button[name=reason]')) {
      const suggested = button.value === card.dataset.like
      button.toggleAttribute('data-like', suggested)
      const small = button.querySelector('small')
      if (small) small.hidden = !suggested
    }
    const page = this.#deal.querySelector<HTMLAnchorElement>('.of-page')
    if (page) page.href = card.dataset.page ?? ''
    this.#fillReply(card, can.includes('reply'))
  }

  #fillReply(card: Card, can: boolean): void {
    const reply = this.#deal.querySelector<HTMLElement>('.reply')
    const form = reply?.querySelector('form')
    if (!reply || !form) return
    reply.hidden = !can
    const id = idOf(card)
    form.action = `/moderate/${encodeURIComponent(siteOf(card))}/comments/${encodeURIComponent(id)}/reply`
    if (!this.#keys.has(id)) this.#keys.set(id, newKey())
    set(form, 'key', this.#keys.get(id) ?? '')
    set(form, 'version', String(versionOf(card)))
    const hint = form.querySelector<HTMLElement>('small')
    if (hint && !hint.classList.contains('bad'))
      hint.textContent = say(card.dataset.state === 'pending' ? 'reply.approves' : 'reply.public')
    const select = form.querySelector<HTMLSelectElement>('[data-ready]')
    if (!select || select.dataset.site === siteOf(card)) return
    select.dataset.site = siteOf(card)
    const texts = document.querySelector<HTMLTemplateElement>(`template.ready[data-site="${CSS.escape(siteOf(card))}"]`)
    const options = Array.from(
      texts?.content.children ?? [],
      (p, i) => new Option(shorten(p.textContent ?? ''), `${i}`),
    )
    select.replaceChildren(select.options[0] as HTMLOptionElement, ...options)
    const field = select.closest<HTMLElement>('.field')
    if (field) field.hidden = options.length === 0
  }

  /** Forgets the key of a reply that was posted. */
  replied(card: Card): void {
    this.#keys.delete(idOf(card))
  }

  /** Shows or hides the evidence. */
  evidence(): boolean {
    const details = this.#what.querySelector<HTMLDetailsElement>('.evidence')
    if (!details) return false
    details.open = !details.open
    if (details.open) {
      this.sheet(true)
      details.scrollIntoView({ block: 'nearest' })
    }
    return true
  }
}

function set(form: HTMLFormElement, name: string, value: string): void {
  const input = form.elements.namedItem(name)
  if (input instanceof HTMLInputElement) input.value = value
}

function shorten(text: string): string {
  const line = Array.from(text.replace(/\s+/g, ' '))
  return line.length > 60 ? `${line.slice(0, 60).join('')}…` : line.join('')
}
