/** The command bar (Ctrl K): go to a place, a site or a search. */
import { element } from './toast'
import { say } from './words'

interface Command {
  label: string
  run: () => void
}

export function commandBar(commands: () => Command[]): void {
  const dialog = element('command') as HTMLDialogElement
  const field = dialog.querySelector('input') as HTMLInputElement
  const list = dialog.querySelector('ul') as HTMLElement
  let found: Command[] = []
  let chosen = 0
  const mark = () => {
    for (const [i, option] of Array.from(list.children).entries()) option.ariaSelected = String(i === chosen)
    field.setAttribute('aria-activedescendant', found.length > 0 ? `command-${chosen}` : '')
    list.children[chosen]?.scrollIntoView({ block: 'nearest' })
  }
  const update = () => {
    const text = field.value.trim()
    found = [...places(), ...commands()].filter(({ label }) =>
      label.toLocaleLowerCase().includes(text.toLocaleLowerCase()),
    )
    if (text) found.push(search(text))
    chosen = 0
    list.replaceChildren(
      ...found.map(({ label }, i) =>
        Object.assign(document.createElement('li'), { role: 'option', id: `command-${i}`, textContent: label }),
      ),
    )
    mark()
  }
  const run = (command: Command | undefined) => {
    dialog.close()
    command?.run()
  }
  addEventListener('keydown', event => {
    if (!(event.ctrlKey || event.metaKey) || event.code !== 'KeyK' || event.altKey || event.shiftKey) return
    event.preventDefault()
    if (dialog.open) return
    dialog.showModal()
    field.value = ''
    update()
  })
  field.addEventListener('input', update)
  field.addEventListener('keydown', event => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && found.length > 0) {
      chosen = (chosen + step + found.length) % found.length
      mark()
    } else if (event.key === 'Enter') run(found[chosen])
    else return
    event.preventDefault()
  })
  list.addEventListener('click', event => {
    const option = event.target instanceof Element ? event.target.closest('[role=option]') : null
    if (option) run(found[Array.from(list.children).indexOf(option)])
  })
}

/** Returns the search for a text in all states. */
function search(text: string): Command {
  return {
    label: say('command.search', { q: text }),
    run: () => {
      location.href = `/moderate/queue?${new URLSearchParams({ state: 'all', q: text })}`
    },
  }
}

/** Returns the links of the rail and of the list of settings. */
function places(): Command[] {
  const links = document.querySelectorAll<HTMLAnchorElement>('.rail ul a, .set > nav a')
  return Array.from(links, link => ({
    label: Array.from(link.childNodes, node => (node instanceof Element && node.matches('.n') ? '' : node.textContent))
      .join('')
      .trim(),
    run: () => {
      location.href = link.href
    },
  }))
}
