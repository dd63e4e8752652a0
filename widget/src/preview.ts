/** The preview of a text, in place of its field. */

import { button, el } from './dom'
import type { FormWords } from './i18n'
import { post } from './sending'
import type { Stage } from './stage'

export interface Preview {
  readonly button: HTMLButtonElement
  /** Returns to the text. */
  close(): void
}

export function preview(
  stage: Stage,
  text: HTMLTextAreaElement,
  t: FormWords,
  clear: () => void,
  failed: (cause: unknown) => void,
): Preview {
  const close = () => {
    toggle.setAttribute('aria-pressed', 'false')
    text.hidden = false
    text.parentElement?.querySelector('.seen')?.remove()
  }
  const show = async () => {
    if (toggle.getAttribute('aria-pressed') === 'true') {
      close()
      text.focus()
      return
    }
    clear()
    const body = text.value
    try {
      const { html } = body.trim() ? await post<{ html: string }>(stage.api('preview'), { body }) : { html: '' }
      close()
      toggle.setAttribute('aria-pressed', 'true')
      text.hidden = true
      text.after(el('div', { class: 'seen text', dir: 'auto' }, html ? stage.body(html) : t.previewEmpty))
    } catch (cause) {
      failed(cause)
    }
  }
  const toggle = button(t.preview, show, { class: 'end', 'aria-pressed': 'false' })
  return { button: toggle, close }
}
