import { fields } from './fields'
import { look } from './look'
import { readyReplies } from './ready'
import { redacting } from './redact'
import { ruleKind } from './rulekind'
import { seen } from './seen'
import { settings } from './settings'
import { whatIf } from './whatif'
import { say } from './words'

/** Starts the behaviour of every page of the desk: local times, menus, copy buttons, help and forms. */
export function page(): void {
  localTimes(document)
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) copying(button)
  const sort = document.querySelector<HTMLSelectElement>('#sort')
  sort?.addEventListener('change', () => sort.form?.requestSubmit())
  document.addEventListener('click', closeMenus)
  showSection()
  help()
  fields()
  link()
  look()
  readyReplies()
  redacting()
  ruleKind()
  seen()
  settings()
  whatIf()
}

/** Scrolls the row of settings sections on a phone to the current one. */
function showSection(): void {
  const nav = document.querySelector<HTMLElement>('.set > nav')
  const at = nav?.querySelector('[aria-current]')?.getBoundingClientRect()
  if (!nav || !at) return
  nav.scrollLeft += at.left + at.width / 2 - nav.getBoundingClientRect().left - nav.clientWidth / 2
}

/** Submits the token of a one-time link from the fragment, and removes it from the history. */
function link(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-link]')
  const token = form?.querySelector('input')
  if (!form || !token || location.hash.length < 2) return
  token.value = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  addEventListener('load', () => form.requestSubmit())
}

/** Shows times in the user's time zone and language. Browsers lack Kazakh month names, so the catalog has the names. */
export function localTimes(within: ParentNode): void {
  const months = say('date.months').split(' ')
  for (const time of within.querySelectorAll<HTMLTimeElement>('time[data-local]')) {
    const at = new Date(time.dateTime)
    if (Number.isNaN(at.valueOf())) continue
    const [day, month, year] = [`${at.getDate()}`, months[at.getMonth()] ?? '', `${at.getFullYear()}`]
    time.textContent = `${say('date.year', { day, month, year })}, ${at.toTimeString().slice(0, 5)}`
  }
}

function copying(button: HTMLButtonElement): void {
  const source = document.getElementById(button.dataset.copy ?? '')
  const label = button.querySelector('span')
  if (!source || !label || !navigator.clipboard) return
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(source.textContent ?? '')
    label.textContent = label.dataset.said ?? ''
  })
}

/** Closes open menus on a click outside. */
function closeMenus(event: Event): void {
  for (const open of document.querySelectorAll<HTMLDetailsElement>('details[name][open]')) {
    if (event.target instanceof Node && !open.contains(event.target)) open.open = false
  }
}

function help(): void {
  const dialog = document.querySelector<HTMLDialogElement>('#keys')
  const button = document.querySelector<HTMLButtonElement>('[data-help]')
  if (!dialog || !button) return
  button.hidden = false
  button.addEventListener('click', () => dialog.showModal())
}
