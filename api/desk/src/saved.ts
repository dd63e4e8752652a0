/** Saved views: named addresses of the queue, stored in this browser per account and site. */
import { element } from './toast'
import { say } from './words'

interface View {
  name: string
  query: string
}

export function savedViews(): void {
  const place = `aitys:views:${document.body.dataset.account ?? ''}:${document.body.dataset.site ?? ''}`
  const form = element('keep').querySelector('form')
  form?.addEventListener('submit', event => {
    event.preventDefault()
    const at = new URL(location.href)
    at.searchParams.delete('after')
    const name = String(new FormData(form).get('name')).trim()
    write(place, [...read(place).filter(view => view.name !== name), { name, query: at.search }])
    form.reset()
    element('keep').removeAttribute('open')
    show(place)
  })
  show(place)
}

function show(place: string): void {
  const template = element('saved-view') as HTMLTemplateElement
  const views = read(place)
  element('saved').hidden = views.length === 0
  const items = views.map(view => {
    const item = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement
    const link = item.querySelector('a') as HTMLAnchorElement
    link.textContent = view.name
    link.href = location.pathname + view.query
    if (view.query === location.search) link.setAttribute('aria-current', 'true')
    const button = item.querySelector('button') as HTMLButtonElement
    button.ariaLabel = say('views.remove', { name: view.name })
    button.addEventListener('click', () => {
      write(
        place,
        read(place).filter(other => other.name !== view.name),
      )
      show(place)
    })
    return item
  })
  element('saved')
    .querySelector('ul')
    ?.replaceChildren(...items)
}

/** Returns the stored views. The storage is untrusted, so it drops malformed entries. */
function read(place: string): View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(kept) ? kept.filter(isView) : []
  } catch {
    return []
  }
}

function isView(view: unknown): view is View {
  const { name, query } = (view ?? {}) as Partial<View>
  return typeof name === 'string' && typeof query === 'string' && (query === '' || query.startsWith('?'))
}

function write(place: string, views: View[]): void {
  localStorage.setItem(place, JSON.stringify(views))
}
