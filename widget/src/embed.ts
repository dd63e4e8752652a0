/** The script that a page loads. Mounts the element and fills the comment counts. */

import { type AitysComments, define, pageAddress, service } from './element'
import type { Parts } from './parts'
import { part } from './view'

const script = (document.currentScript ?? document.querySelector('script[data-site]')) as HTMLScriptElement | null

if (script) {
  const base = new URL('.', script.src).href
  // A page may run this script again. The first run defines the element and watches the counts.
  const isFirst = !customElements.get('aitys-comments')
  if (isFirst) define(base)
  const start = () => {
    mount(script)
    if (isFirst) count(script, base)
  }
  // An async script may run before #aitys is parsed.
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
  else start()
}

function mount(script: HTMLScriptElement) {
  const container = document.getElementById('aitys')
  if (!container?.querySelector('aitys-comments')) {
    const element = document.createElement('aitys-comments') as AitysComments
    Object.assign(element.dataset, script.dataset)
    // A script in the head without #aitys only fills counts.
    if (container) container.append(element)
    else if (script.closest('body')) script.after(element)
  }
}

/** Fills the counts, including those in elements that the page adds later. */
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
