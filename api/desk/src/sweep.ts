/**
 * Sweep: sheets of comments with the decision that the filter proposes for each. One key takes the sheet. The key of a
 * place changes its decision to the other one, and pressed again leaves the comment in the queue. Only comments whose
 * whole text is on the sheet are decided.
 */
import { type Card, campaignOf, countOf, idOf, isChanged, isHeld, nameOf } from './cards'
import type { Action } from './outbox'
import { detailsOf } from './pane'
import type { Queue } from './queue'
import { element } from './toast'
import { say } from './words'

const places = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-', '=']
/** Rows of a sheet. Its columns are four, on a phone two, so that a sheet needs no scrolling. */
const rows = 3
/** Milliseconds in which a second press of the same key is not meant for the next sheet. */
const secondPress = 300
/** Pages that are loaded at most to fill one sheet. */
const maxPages = 4

/** The kind of a sheet: one proposed decision, or one per comment if they are uncertain. */
type Kind = 'spam' | 'approve' | 'doubt'

interface Cell {
  card: Card
  box: HTMLElement
  /** "" if the comment stays in the queue. */
  action: Action | ''
}

export class Sweep {
  readonly #queue: Queue
  readonly #box = element('sweep')
  #cells: Cell[] = []
  #kind: Kind = 'spam'
  /** IDs of comments that a sheet has shown and left in the queue, or cannot show whole. */
  readonly #kept = new Set<string>()
  /** Whether a sheet is being laid, or is so new that a press was meant for the last one. */
  #busy = false
  /** Counts fills, so that a fill that was interrupted by leaving stops. */
  #run = 0
  /** Whether a sheet was decided since the sweep began. */
  #took = false

  constructor(queue: Queue) {
    this.#queue = queue
    element('sweep-leave').addEventListener('click', () => this.leave())
    element('sweep-take').addEventListener('click', event => {
      if (event.detail < 2) this.take() // the second click of a double click hits the next sheet
    })
    element('sheet').addEventListener('click', event => {
      const box = event.target instanceof Element ? event.target.closest('.cell') : null
      this.#turn(this.#cells.find(cell => cell.box === box))
    })
    queue.cards.list.addEventListener('change', () => this.#refresh())
    addEventListener('resize', () => this.#refresh())
  }

  get on(): boolean {
    return document.body.classList.contains('sweeping')
  }

  /** Opens the first sheet: that of the current comment's proposal, or likely spam. */
  async open(): Promise<void> {
    this.#kept.clear()
    this.#took = false
    const { current } = this.#queue.cards
    this.#kind = (current && kindOf(current)) ?? 'spam'
    document.body.classList.add('sweeping')
    this.#box.hidden = false
    await this.#fill()
  }

  leave(): void {
    this.#run++
    this.#setBusy(false)
    document.body.classList.remove('sweeping')
    this.#box.hidden = true
    this.#cells = []
    const { cards } = this.#queue
    cards.go(cards.current ?? cards.below(null))
  }

  /** Runs a key. Returns false if the key has no meaning here. */
  press(key: string): boolean {
    const at = places.indexOf(key)
    if (at >= 0) this.#turn(this.#cells[at])
    else if (key === 'enter') {
      const { activeElement } = document
      if (activeElement?.matches('button, a, summary') && activeElement.id !== 'sweep-take') return false
      this.take()
    } else if (key === 'escape' || key === 'w') this.leave()
    else if (key === 'z') this.#queue.undoLast()
    else return false
    return true
  }

  /** Cycles a decision: proposed, opposite, none. */
  #turn(cell: Cell | undefined): void {
    if (!cell || isChanged(cell.card)) return
    const proposed = cell.card.dataset.propose as Action
    if (cell.action === proposed) this.#set(cell, other(proposed))
    else this.#set(cell, cell.action ? '' : proposed)
    this.#count()
  }

  #set(cell: Cell, action: Action | '', words = say(`sweep.${action || 'kept'}`)): void {
    cell.action = action
    cell.box.dataset.decision = action
    cell.box.classList.toggle('turned', action === other(cell.card.dataset.propose as Action))
    const button = cell.box.querySelector('.st')
    if (button) button.textContent = words
  }

  /** Makes the decisions of the sheet, and shows the next one. Undo starts with the larger group. */
  async take(): Promise<void> {
    if (this.#busy || this.#cells.length === 0) return
    for (const { card, action } of this.#cells) if (!action) this.#kept.add(idOf(card))
    const groups = (['spam', 'approve'] as const).map(action => ({ action, cards: this.#taken(action) }))
    this.#cells = []
    this.#took ||= groups.some(({ cards }) => cards.length > 0)
    for (const { action, cards } of groups.sort((a, b) => a.cards.length - b.cards.length))
      this.#queue.decide(cards, action, '', '', true)
    await this.#fill(secondPress)
  }

  #taken(by: Action): Card[] {
    return this.#cells.filter(({ action, card }) => action === by && !isChanged(card)).map(({ card }) => card)
  }

  #proposed(): Card[] {
    return this.#queue.cards.open.filter(
      card => kindOf(card) === this.#kind && !isHeld(card) && !isChanged(card) && !this.#kept.has(idOf(card)),
    )
  }

  /**
   * Shows the next sheet. After the last sheet of one kind come those of the others. The sheet can be taken after pause,
   * in milliseconds.
   */
  async #fill(pause = 0): Promise<void> {
    this.#setBusy(true)
    const run = ++this.#run
    const kinds: Kind[] = ['spam', 'approve', 'doubt']
    const at = kinds.indexOf(this.#kind)
    for (const kind of [...kinds.slice(at), ...kinds.slice(0, at)]) {
      this.#kind = kind
      for (let page = 0; page < maxPages && this.#proposed().length < places.length; page++) {
        const more = await this.#queue.onward.ahead()
        if (run !== this.#run) return
        if (!more) break
      }
      this.#lay()
      if (this.#cells.length > 0) break
    }
    if (this.#cells.length === 0) {
      this.leave()
      this.#end()
      return
    }
    const sheet = element('sheet')
    sheet.classList.remove('off')
    void sheet.offsetWidth // restarts the animation
    sheet.classList.add('off')
    this.#count()
    this.#refresh() // the texts of the bar may have made the sheet smaller
    element('sweep-take').focus({ preventScroll: true })
    setTimeout(() => {
      if (run === this.#run) this.#setBusy(false)
    }, pause)
  }

  #setBusy(busy: boolean): void {
    this.#busy = busy
    element('sheet').ariaBusy = String(busy)
  }

  /** Lays cells on the sheet until it is full. Long texts get two places and come first, so that they leave no gaps. */
  #lay(): void {
    const sheet = element('sheet')
    sheet.replaceChildren()
    this.#cells = []
    element('sweep-title').textContent = say(`sweep.title.${this.#kind}`)
    this.#count()
    const columns = getComputedStyle(sheet).gridTemplateColumns.split(' ').length
    let tall = 0
    for (const card of this.#proposed()) {
      const full = tall + sheet.childElementCount
      if (full === columns * rows) break
      const item = itemOf(card)
      const box = item.querySelector<HTMLElement>('.cell') as HTMLElement
      const cell: Cell = { card, box, action: '' }
      this.#set(cell, card.dataset.propose as Action)
      sheet.append(item)
      if (!isWhole(item)) {
        item.className = 'tall'
        sheet.insertBefore(item, sheet.children[tall] ?? null)
        const whole = isWhole(item)
        if (!whole || tall === columns || full + 2 > columns * rows) {
          item.remove()
          if (whole) break
          this.#kept.add(idOf(card))
          continue
        }
        tall++
      }
      this.#cells.push(cell)
    }
    const order = Array.from(sheet.children)
    this.#cells.sort(
      (a, b) => order.indexOf(a.box.closest('li') as Element) - order.indexOf(b.box.closest('li') as Element),
    )
    for (const [i, cell] of this.#cells.entries()) {
      const key = cell.box.querySelector('kbd')
      if (key) key.textContent = places[i] ?? ''
    }
  }

  /** Says how many comments are left. The undo of the last sheet stays in the toast. */
  #end(): void {
    const n = this.#queue.cards.open.length
    if (n === 0) return
    if (this.#took) this.#queue.add(say('sweep.end', { n }))
    else this.#queue.tell(say('sweep.end', { n }))
  }

  /** Leaves comments in the queue that other users changed, or that a smaller sheet no longer shows whole. */
  #refresh(): void {
    if (!this.on) return
    for (const cell of this.#cells) {
      if (isChanged(cell.card)) this.#set(cell, '', say('sweep.changed'))
      else if (!isWhole(cell.box)) this.#set(cell, '')
    }
    this.#count()
  }

  #count(): void {
    const parts = (['spam', 'approve'] as const).flatMap(action => {
      const n = this.#taken(action).reduce((sum, card) => sum + countOf(card), 0)
      return n > 0 ? say(`sweep.take.${action}`, { n }) : []
    })
    const stays = this.#cells.filter(({ action }) => !action).length
    const words = element('sweep-take').querySelector('span')
    if (words) words.textContent = parts.join(' · ') || say('sweep.next')
    element('sweep-stays').textContent = stays > 0 ? say('sweep.stays', { n: stays }) : ''
  }
}

const other = (action: Action): Action => (action === 'spam' ? 'approve' : 'spam')

/** Returns the kind of the sheets on which a comment belongs, if a sweep may decide it. */
function kindOf(card: Card): Kind | undefined {
  const { propose, doubt } = card.dataset
  return propose && doubt !== undefined ? 'doubt' : (propose as Kind | undefined)
}

/** Reports whether the whole text of an item on the sheet is visible. */
function isWhole(item: Element): boolean {
  const text = item.querySelector('.tx')
  return text !== null && text.scrollHeight <= text.clientHeight + 1
}

function itemOf(card: Card): HTMLElement {
  const template = element('sweep-cell') as HTMLTemplateElement
  const item = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement
  const part = (selector: string) => item.querySelector(selector) as HTMLElement
  part('.cell').dataset.comment = idOf(card)
  part('b').textContent = campaignOf(card) ? (card.querySelector('.name')?.textContent?.trim() ?? '') : nameOf(card)
  part('.hd').append(card.querySelector('.meta .risk')?.cloneNode(true) ?? '')
  const said = detailsOf(card).querySelector('.said:not(.against .said)')
  part('.tx').append(...Array.from(said?.childNodes ?? [], node => node.cloneNode(true)))
  part('.tx').lang = card.querySelector<HTMLElement>('.text')?.lang ?? ''
  part('.ft .cut').textContent = card.querySelector('.meta bdi')?.textContent ?? ''
  return item
}
