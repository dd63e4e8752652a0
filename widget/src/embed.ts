/** What a page loads: puts the element in its place, and fills the counts. */

import { type AitysComments, define, pageAddress, service } from './element'
import { part } from './view'

const script = (document.currentScript ?? document.querySelector('script[data-site]')) as HTMLScriptElement | null

if (script) {
  const site = script.dataset.site ?? ''
  const base = new URL('.', script.src).href
  define(base)
  const start = () => begin(script, base, site)
  // An async script may run before #aitys is read.
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
  else start()
}

function begin(script: HTMLScriptElement, base: string, site: string) {
  const room = document.getElementById('aitys')
  if (!room?.querySelector('aitys-comments')) {
    const element = document.createElement('aitys-comments') as AitysComments
    Object.assign(element.dataset, script.dataset)
    // A script in the head only fills counts.
    if (room) room.append(element)
    else if (script.closest('body')) script.after(element)
  }
  if (document.querySelector('[data-aitys-count]'))
    part<typeof import('./counts')>(base, 'counts').then(counts =>
      counts.fillCounts(service(script), site, pageAddress()),
    )
}
