/** The writer drawer: totals, earlier comments, notes, trust and block beside the queue, from the comment's own page. */
import { type Card, fetchPage } from './cards'
import { localTimes } from './page'
import { element } from './toast'
import { say } from './words'

const dialog = () => element('drawer') as HTMLDialogElement

/** Opens the drawer about the commenter of a card. */
export async function openWriter(card: Card): Promise<void> {
  const box = dialog().querySelector('div') as HTMLElement
  box.replaceChildren()
  dialog().showModal()
  try {
    const page = await fetchPage(card.dataset.url ?? '', '#writer')
    const side = document.importNode(page.querySelector('#writer') as HTMLElement, true)
    side.removeAttribute('id')
    localTimes(side)
    box.replaceChildren(side)
  } catch {
    box.textContent = say('writer.failed')
  }
}

/** Sends the drawer's forms without leaving the queue, and shows the writer again. */
export function writerForms(current: () => Card | null): void {
  dialog().addEventListener('submit', async event => {
    const form = event.target as HTMLFormElement
    if (form.method === 'dialog') return
    event.preventDefault()
    const submitter = event.submitter as HTMLButtonElement | null
    const data = new FormData(form)
    if (submitter?.name) data.set(submitter.name, submitter.value)
    if (submitter) submitter.disabled = true
    const body = new URLSearchParams([...data].map(([name, value]) => [name, String(value)]))
    const response = await fetch(form.action, { method: 'POST', body }).catch(() => undefined)
    const card = current()
    if (response?.ok && card) await openWriter(card)
    else if (submitter) submitter.disabled = false
    if (!response?.ok)
      form.append(Object.assign(document.createElement('p'), { className: 'bad', textContent: say('writer.failed') }))
  })
}
