/**
 * Sweep: sheets of comments for which the filter proposes the same decision. One key takes the sheet; the keys of the
 * places keep a comment in the queue. Only comments whose whole text is on the sheet are decided.
 */
import { type Card, campaignOf, countOf, idOf, isChanged, isHeld, isSettled, nameOf } from './cards'
import type { Action } from './outbox'
import { detailsOf } from './pane'
import type { Queue } from './queue'
import { element } from './toast'
import { say } from './words'

const places = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-', '=']
/** The number of comments per sheet on a phone, so that a sheet needs no scrolling. */
const phonePlaces = 6
/** Pages that are loaded at most to fill one sheet. */
const maxPages = 4

interface Cell {
  card: Card
  box: HTMLInputElement
  label: HTMLElement
}

export class Sweep {
  readonly #queue: Queue
  readonly #box = element('sweep')
  #cells: Cell[] = []
  #action: Action = 'spam'
  /** IDs of comments that a sheet has shown and left in the queue. */
  readonly #kept = new Set<string>()
  #filling = false
  /** Whether a sheet was decided since the sweep began. */
  #took = false

  constructor(queue: Queue) {
    this.#queue = queue
    element('sweep-leave').addEventListener('click', () => this.leave())
    element('sweep-take').addEventListener('click', () => this.take())
    this.#box.addEventListener('change', () => this.#count())
    queue.cards.list.addEventListener('change', () => this.#refresh())
  }

  get on(): boolean {
    return document.body.classList.contains('sweeping')
  }

  /** Opens the first sheet: that of the current comment's proposal, or likely spam. */
  async open(): Promise<void> {
    this.#kept.clear()
    this.#took = false
    this.#action = (this.#queue.cards.current?.dataset.propose as Action | undefined) ?? 'spam'
    document.body.classList.add('sweeping')
    this.#box.hidden = false
    await this.#fill()
  }

  leave(): void {
    document.body.classList.remove('sweeping')
    this.#box.hidden = true
    this.#cells = []
    const { cards } = this.#queue
    cards.go(cards.current ?? cards.below(null))
  }

  /** Runs a key. Returns false if the key has no meaning here. */
  press(key: string): boolean {
    const at = places.indexOf(key)
    const cell = this.#cells[at]
    if (cell && !cell.box.disabled) {
      cell.box.checked = !cell.box.checked
      this.#count()
    } else if (key === 'enter') this.take()
    else if (key === 'escape' || key === 'w') this.leave()
    else if (key === 'z') this.#queue.undoLast()
    else return at >= 0
    return true
  }

  /** Decides the sheet without the kept comments, and shows the next one. */
  async take(): Promise<void> {
    if (this.#filling || this.#cells.length === 0) return
    const taken = this.#taken()
    for (const { card } of this.#cells) if (!taken.includes(card)) this.#kept.add(idOf(card))
    this.#cells = []
    this.#took ||= taken.length > 0
    this.#queue.decide(taken, this.#action, '', '', true)
    await this.#fill()
  }

  #taken(): Card[] {
    return this.#cells.filter(({ box, card }) => !box.checked && !isChanged(card)).map(({ card }) => card)
  }

  #proposed(): Card[] {
    return this.#queue.cards.open.filter(
      card => card.dataset.propose === this.#action && !isHeld(card) && !isChanged(card) && !this.#kept.has(idOf(card)),
    )
  }

  /** Shows the next sheet. After the last sheet of one decision come those of the other. */
  async #fill(): Promise<void> {
    this.#filling = true
    const size = innerWidth > 860 ? places.length : phonePlaces
    for (const action of [this.#action, this.#action === 'spam' ? 'approve' : 'spam'] as const) {
      this.#action = action
      for (let page = 0; page < maxPages && this.#proposed().length < size; page++) {
        if (!(await this.#queue.onward.ahead())) break
      }
      if (this.#proposed().length > 0) break
    }
    this.#filling = false
    const cards = this.#proposed().slice(0, size)
    if (cards.length === 0) {
      this.leave()
      this.#end()
      return
    }
    if (!this.on) return
    this.#cells = cards.map((card, i) => this.#cell(card, i))
    const sheet = element('sheet')
    sheet.replaceChildren(...this.#cells.map(({ label }) => label.parentElement as HTMLElement))
    element('sweep-title').textContent = say(`sweep.${this.#action}`)
    for (const cell of this.#cells) {
      const text = cell.label.querySelector<HTMLElement>('.tx')
      if (text && text.scrollHeight > text.clientHeight + 1) this.#stay(cell, say('sweep.long'))
    }
    sheet.classList.remove('off')
    void sheet.offsetWidth // restarts the animation
    sheet.classList.add('off')
    this.#count()
    element('sweep-take').focus()
  }

  /** Says how many comments are left. The undo of the last sheet stays in the toast. */
  #end(): void {
    const n = this.#queue.cards.open.length
    if (n === 0) return
    if (this.#took) this.#queue.add(say('sweep.end', { n }))
    else this.#queue.tell(say('sweep.end', { n }))
  }

  #cell(card: Card, i: number): Cell {
    const template = element('sweep-cell') as HTMLTemplateElement
    const item = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement
    const label = item.querySelector('label') as HTMLElement
    const part = (selector: string) => item.querySelector(selector) as HTMLElement
    label.dataset.comment = idOf(card)
    part('kbd').textContent = places[i] ?? ''
    part('b').textContent = campaignOf(card) ? (card.querySelector('.name')?.textContent?.trim() ?? '') : nameOf(card)
    part('.hd').append(card.querySelector('.meta .risk')?.cloneNode(true) ?? '')
    const said = detailsOf(card).querySelector('.said:not(.against .said)')
    part('.tx').append(...Array.from(said?.childNodes ?? [], node => node.cloneNode(true)))
    part('.tx').lang = card.querySelector<HTMLElement>('.text')?.lang ?? ''
    part('.ft .cut').textContent = card.querySelector('.meta bdi')?.textContent ?? ''
    return { card, box: part('input') as HTMLInputElement, label }
  }

  /** Keeps a comment in the queue that the sheet cannot decide, and says why. */
  #stay({ box, label }: Cell, why: string): void {
    box.checked = box.disabled = true
    const state = label.querySelector('.st')
    if (state) state.textContent = why
  }

  /** Keeps comments that other users changed. */
  #refresh(): void {
    if (!this.on) return
    for (const cell of this.#cells) {
      if (isChanged(cell.card) || isSettled(cell.card)) this.#stay(cell, say('sweep.changed'))
    }
    this.#count()
  }

  #count(): void {
    const n = this.#taken().reduce((sum, card) => sum + countOf(card), 0)
    const stays = this.#cells.filter(({ box }) => box.checked).length
    const button = element('sweep-take')
    const words = button.querySelector('span')
    if (words) words.textContent = say(`sweep.take.${this.#action}`, { n })
    element('sweep-stays').textContent = stays > 0 ? say('sweep.stays', { n: stays }) : ''
  }
}
