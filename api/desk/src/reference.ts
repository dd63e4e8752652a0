/** Adds search, scroll position and copy buttons to the API reference. The page works without it. */

interface Entry {
  text: string
  label: string
  where: string
  to: string
}

const maxHits = 12

function start(): void {
  const contents = document.querySelector<HTMLDetailsElement>('.docnav details')
  if (contents && matchMedia('(max-width: 940px)').matches) contents.open = false
  search()
  follow()
  for (const figure of document.querySelectorAll<HTMLElement>('.sample')) copyable(figure)
}

/** Finds endpoints, fields and codes by a substring of their names. */
function search(): void {
  const box = document.querySelector<HTMLElement>('.search')
  const input = box?.querySelector('input')
  const found = box?.querySelector<HTMLElement>('.found')
  const said = found?.querySelector('p')
  const list = found?.querySelector('ul')
  if (!box || !input || !found || !said || !list) return
  box.hidden = false
  const entries = index()
  const show = (): void => {
    const asked = input.value.trim().toLowerCase()
    const hits = asked ? entries.filter(e => e.text.includes(asked)) : []
    found.hidden = !asked
    said.textContent = hits.length > maxHits ? `${hits.length} found, the first ${maxHits}` : `${hits.length} found`
    list.replaceChildren(...hits.slice(0, maxHits).map(line))
  }
  input.addEventListener('input', show)
  input.addEventListener('focus', show)
  box.addEventListener('focusout', event => {
    if (!box.contains(event.relatedTarget as Node)) found.hidden = true
  })
  found.addEventListener('click', event => {
    if ((event.target as Element).closest('a')) found.hidden = true
  })
  document.addEventListener('keydown', event => {
    if (event.key === '/' && !(event.target as Element).matches('input')) {
      event.preventDefault()
      input.focus()
      input.select()
    } else if (event.key === 'Escape') {
      found.hidden = true
    } else if (box.contains(document.activeElement) && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault()
      step([input, ...found.querySelectorAll('a')], event.key === 'ArrowDown' ? 1 : -1)
    }
  })
}

function step(places: HTMLElement[], by: number): void {
  const at = places.indexOf(document.activeElement as HTMLElement)
  places[Math.min(Math.max(at + by, 0), places.length - 1)]?.focus()
}

function line(entry: Entry): HTMLLIElement {
  const item = document.createElement('li')
  const link = document.createElement('a')
  const where = document.createElement('small')
  link.href = entry.to
  where.textContent = entry.where
  link.append(entry.label, where)
  item.append(link)
  return item
}

function index(): Entry[] {
  const entries: Entry[] = []
  for (const part of document.querySelectorAll<HTMLElement>('.ep')) {
    const title = part.querySelector('.title, h1')?.textContent ?? ''
    const route = part.querySelector('.route')?.textContent ?? ''
    const to = `#${part.id}`
    entries.push({
      text: `${title} ${route}`.toLowerCase(),
      label: title,
      where: route || (part.dataset.group ?? ''),
      to,
    })
    for (const name of part.querySelectorAll('.params dt code')) {
      const label = name.textContent ?? ''
      if (!/^\d/.test(label)) entries.push({ text: label.toLowerCase(), label, where: `${title} ${route}`, to })
    }
  }
  for (const shape of document.querySelectorAll<HTMLElement>('.shapes article')) {
    const label = shape.querySelector('code')?.textContent ?? ''
    entries.push({ text: (shape.textContent ?? '').toLowerCase(), label, where: 'Shapes', to: `#${shape.id}` })
  }
  return entries
}

/** Marks the visible section in the table of contents. */
function follow(): void {
  const links = new Map<string, HTMLElement>()
  for (const link of document.querySelectorAll<HTMLAnchorElement>('.docnav a')) links.set(link.hash.slice(1), link)
  const seen = new IntersectionObserver(
    changes => {
      for (const change of changes) {
        const link = links.get(change.target.id)
        if (!link || !change.isIntersecting) continue
        for (const other of links.values()) other.removeAttribute('aria-current')
        link.setAttribute('aria-current', 'true')
      }
    },
    { rootMargin: '-20% 0px -75% 0px' },
  )
  for (const part of document.querySelectorAll('.ep')) seen.observe(part)
}

function copyable(figure: HTMLElement): void {
  const title = figure.querySelector('figcaption')
  const code = figure.querySelector('code')
  if (!title || !code || !navigator.clipboard) return
  const button = document.createElement('button')
  button.className = 'btn quiet'
  button.type = 'button'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(code.textContent ?? '')
    button.textContent = 'Copied'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 2000)
  })
  title.append(button)
}

start()
