/**
 * The filter: one field that lists languages, sites, scores, pages, writers, hosts and days with their numbers of
 * comments. While one types, the list shows only the loaded rows that match the marked choice.
 */
import { type Card, type Cards, isHidden, siteOf } from './cards'
import { detailsOf } from './pane'
import { element } from './toast'
import { say } from './words'

interface Choice {
  /** A query parameter of the queue, or "site". */
  param: string
  value: string
  name: string
  label: string
  count: string
}

interface Answer {
  choices: Choice[]
  text: string
  host: string
  /** Names of the filters by parameter. */
  names: Record<string, string>
}

const maxChoices = 12
/** Milliseconds after the last key until the comments that contain the text are counted. */
const pause = 200

export class Filter {
  readonly #cards: Cards
  readonly #details = element('filter') as HTMLDetailsElement
  readonly #field = element('filter-by') as HTMLInputElement
  readonly #list = element('filter-list')
  #chosen = 0
  #offered: Choice[] = []
  #choices: Choice[] = []
  #timer = 0
  #names: Record<string, string> = {}

  constructor(cards: Cards) {
    this.#cards = cards
    this.#details.addEventListener('toggle', () => {
      this.#field.value = ''
      this.#offered = []
      this.#update()
      if (!this.#details.open) return
      this.#field.focus()
      this.#read('')
    })
    this.#field.addEventListener('input', () => {
      this.#update()
      clearTimeout(this.#timer)
      const typed = this.#typed
      if (typed) this.#timer = window.setTimeout(() => this.#read(typed), pause)
    })
    this.#field.addEventListener('keydown', event => this.#key(event))
    this.#list.addEventListener('click', event => {
      const option = event.target instanceof Element ? event.target.closest('[role=option]') : null
      if (option) apply(this.#choices[Array.from(this.#list.children).indexOf(option)])
    })
  }

  get #typed(): string {
    return this.#field.value.trim()
  }

  get on(): boolean {
    return this.#details.open
  }

  open(): void {
    this.#details.open = true
  }

  close(): void {
    this.#details.open = false
    this.#details.querySelector('summary')?.focus()
  }

  #key(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && this.#choices.length > 0) {
      this.#chosen = (this.#chosen + step + this.#choices.length) % this.#choices.length
      this.#mark()
    } else if (event.key === 'Enter') apply(this.#choices[this.#chosen])
    else if (event.key === 'Escape') {
      this.close()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  /** Reads the values of this view once, and the number of comments that contain the typed text. */
  async #read(typed: string): Promise<void> {
    const url = new URL(location.href)
    url.pathname += '/filters'
    url.searchParams.set('text', typed)
    const response = await fetch(url).catch(() => undefined)
    if (!response?.ok) return // the choices stay without counts
    const answer = (await response.json()) as Answer
    this.#names = answer.names
    if (this.#offered.length === 0 && this.#details.open) {
      this.#offered = answer.choices
      this.#update()
    }
    if (typed === '' || typed !== this.#typed) return
    for (const [i, { param }] of this.#choices.entries()) {
      const count = this.#list.children[i]?.querySelector('.n')
      if (count && (param === 'q' || param === 'host')) count.textContent = param === 'q' ? answer.text : answer.host
    }
  }

  /** Lists what matches the typed text. */
  #update(): void {
    const typed = this.#typed
    const text = typed.toLocaleLowerCase()
    const found = this.#offered.filter(({ name, label }) => `${name}: ${label}`.toLocaleLowerCase().includes(text))
    const free = freeChoices(typed, this.#names)
    this.#choices = [...found.slice(0, maxChoices - free.length), ...free]
    this.#chosen = 0
    this.#list.replaceChildren(
      ...this.#choices.map(({ name, label, count }, i) => {
        const option = Object.assign(document.createElement('li'), { role: 'option', id: `filter-${i}` })
        option.append(
          name ? `${name}: ` : '',
          Object.assign(document.createElement('b'), { className: 'cut', textContent: label }),
          ' ',
          Object.assign(document.createElement('span'), { className: 'n', textContent: count }),
        )
        return option
      }),
    )
    this.#mark()
  }

  #mark(): void {
    for (const [i, option] of Array.from(this.#list.children).entries())
      option.ariaSelected = String(i === this.#chosen)
    this.#field.setAttribute('aria-activedescendant', this.#choices.length > 0 ? `filter-${this.#chosen}` : '')
    this.#list.children[this.#chosen]?.scrollIntoView({ block: 'nearest' })
    this.#preview()
  }

  /** Hides the rows that the marked choice would remove, until the filter is closed. */
  #preview(): void {
    const choice = this.#typed && this.on ? this.#choices[this.#chosen] : undefined
    const change = () => {
      for (const card of this.#cards.all) {
        const row = card.closest('li')
        if (row) row.hidden = choice !== undefined && !matches(card, choice)
      }
    }
    const { current } = this.#cards
    const wasHidden = current !== null && isHidden(current)
    if (choice || wasHidden) change()
    else this.#cards.steady(change) // a clicked row stays under the pointer
    if (!choice && wasHidden) this.#cards.show(current)
  }
}

/** Opens the queue with a choice added to the filters of this page. */
function apply(choice: Choice | undefined): void {
  if (!choice) return
  const url = new URL(location.href)
  for (const gone of ['after', 'at']) url.searchParams.delete(gone)
  if (choice.param === 'site') url.pathname = `/moderate/${encodeURIComponent(choice.value)}/queue`
  else url.searchParams.set(choice.param, choice.value)
  location.href = url.href
}

/** Reports whether a row is among the comments of a choice. Unknown values match. */
function matches(card: Card, { param, value }: Choice): boolean {
  const { pageId, writer } = card.dataset
  switch (param) {
    case 'site':
      return siteOf(card) === value
    case 'lang':
      return (card.querySelector<HTMLElement>('.text')?.lang || 'und') === value
    case 'page':
      return pageId === value
    case 'writer':
      return writer === value
    case 'q':
    case 'host':
      return `${card.textContent}\n${detailsOf(card).textContent}`
        .toLocaleLowerCase()
        .includes(value.toLocaleLowerCase())
  }
  return true
}

/** Returns the choices that use the typed text itself. */
function freeChoices(typed: string, names: Record<string, string>): Choice[] {
  if (typed === '') return []
  const choice = (param: string) => ({ param, value: typed, name: names[param] ?? '', label: typed, count: '' })
  const all: Choice[] = [{ ...choice('q'), name: say('filter.text') }]
  if (/^[^\s/]+\.[^\s/]+$/.test(typed)) all.unshift(choice('host'))
  if (/^\d{4}-\d{2}-\d{2}$/.test(typed)) all.unshift(choice('until'), choice('since'))
  return all
}
