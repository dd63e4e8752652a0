/** The filter: one field that lists languages, pages, writers, sites, scores, hosts and days while one types. */
import { element } from './toast'
import { say } from './words'

interface Choice {
  label: string
  value: string
  name: string
}

const maxChoices = 12

export class Filter {
  readonly #details = element('filter') as HTMLDetailsElement
  readonly #field = element('filter-by') as HTMLInputElement
  readonly #list = element('filter-list')
  #chosen = 0
  #choices: Choice[] = []

  constructor() {
    this.#details.addEventListener('toggle', () => {
      if (!this.#details.open) return
      this.#field.value = ''
      this.#update()
      this.#field.focus()
    })
    this.#field.addEventListener('input', () => this.#update())
    this.#field.addEventListener('keydown', event => this.#key(event))
    this.#list.addEventListener('click', event => {
      const option = event.target instanceof Element ? event.target.closest('[role=option]') : null
      if (option) this.#apply(this.#choices[Array.from(this.#list.children).indexOf(option)])
    })
  }

  open(): void {
    this.#details.open = true
  }

  #key(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && this.#choices.length > 0) {
      this.#chosen = (this.#chosen + step + this.#choices.length) % this.#choices.length
      this.#mark()
    } else if (event.key === 'Enter') this.#apply(this.#choices[this.#chosen])
    else if (event.key === 'Escape') {
      this.#details.open = false
      this.#details.querySelector('summary')?.focus()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  /** Lists what matches the typed text. */
  #update(): void {
    const typed = this.#field.value.trim()
    this.#choices = [...offered(typed), ...free(typed)].slice(0, maxChoices)
    this.#chosen = 0
    this.#list.replaceChildren(
      ...this.#choices.map(({ name, label }, i) => {
        const option = Object.assign(document.createElement('li'), { role: 'option', id: `filter-${i}` })
        option.append(`${name}: `, Object.assign(document.createElement('b'), { className: 'cut', textContent: label }))
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
  }

  #apply(choice: Choice | undefined): void {
    if (!choice) return
    const url = new URL(location.href)
    const [name = '', value = ''] = choice.value.split('=')
    if (choice.value.startsWith('/')) url.pathname = choice.value
    else url.searchParams.set(name, decodeURIComponent(value))
    for (const gone of ['after', 'at']) url.searchParams.delete(gone)
    location.href = url.href
  }
}

/** Returns the offered values whose label or name contains the text. */
function offered(typed: string): Choice[] {
  const text = typed.toLocaleLowerCase()
  const all: Choice[] = []
  const filters = element('filters') as HTMLTemplateElement
  for (const filter of filters.content.querySelectorAll<HTMLElement>('[data-name]')) {
    const { name = '', label = '' } = filter.dataset
    for (const option of filter.querySelectorAll<HTMLElement>('[data-key]')) {
      const value = `${name}=${encodeURIComponent(option.dataset.key ?? '')}`
      all.push({ name: label, label: option.textContent ?? '', value })
    }
  }
  for (const site of element('places').querySelectorAll<HTMLElement>('[data-url]'))
    all.push({ name: say('filter.site'), label: site.textContent ?? '', value: site.dataset.url ?? '' })
  return all.filter(({ name, label }) => `${name}: ${label}`.toLocaleLowerCase().includes(text))
}

/** Returns the label of a filter. */
function nameOf(filter: string): string {
  const { content } = element('filters') as HTMLTemplateElement
  return content.querySelector<HTMLElement>(`[data-name=${filter}]`)?.dataset.label ?? filter
}

/** Returns the choices that use the typed text itself. */
function free(typed: string): Choice[] {
  if (typed === '') return []
  const value = encodeURIComponent(typed)
  const all: Choice[] = [{ name: say('filter.text'), label: typed, value: `q=${value}` }]
  if (/^[^\s/]+\.[^\s/]+$/.test(typed)) all.unshift({ name: nameOf('host'), label: typed, value: `host=${value}` })
  if (/^\d{4}-\d{2}-\d{2}$/.test(typed)) {
    all.unshift({ name: nameOf('since'), label: typed, value: `since=${value}` })
    all.unshift({ name: nameOf('until'), label: typed, value: `until=${value}` })
  }
  return all
}
