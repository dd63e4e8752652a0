/** What a page loads: puts the element in its place, and fills the counts. */

import { type AitysComments, define, pageAddress, service } from './element'
import type { Parts } from './parts'
import { part } from './view'

const script = (document.currentScript ?? document.querySelector('script[data-site]')) as HTMLScriptElement | null

if (script) {
  const base = new URL('.', script.src).href
  // A page may run this script again; the first one defines the element, and watches counts.
  const first = !customElements.get('aitys-comments')
  if (first) define(base)
  const start = () => {
    mount(script)
    if (first) count(script, base)
  }
  // An async script may run before #aitys is read.
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
  else start()
}

function mount(script: HTMLScriptElement) {
  const room = document.getElementById('aitys')
  if (!room?.querySelector('aitys-comments')) {
    const element = document.createElement('aitys-comments') as AitysComments
    Object.assign(element.dataset, script.dataset)
    // A script in the head only fills counts.
    if (room) room.append(element)
    else if (script.closest('body')) script.after(element)
  }
}

/** Fills the counts, including those that the page adds later. */
function count(script: HTMLScriptElement, base: string) {
  const fill = () =>
    document.querySelector('[data-aitys-count]') &&
    part<Parts<unknown>['counts']>(base, 'counts').then(counts =>
      counts.fill(service(script), script.dataset.site, pageAddress),
    )
  new MutationObserver(fill).observe(document, {
    childList: true,
    subtree: true,
    attributeFilter: ['data-aitys-count'],
  })
  fill()
}
