/** Why a key does nothing to a comment: it never passes in silence. */
import type { Card } from './cards'
import { say } from './words'

/** Says why a comment takes no reply from whoever is signed in. */
export function noReply(card: Card): string {
  return say(card.dataset.state === 'pending' ? 'cannot.reply.waiting' : 'cannot.reply')
}

/** Says why a decision is not to be had. Who may decide can refuse whatever is still there. */
export function noDecision(card: Card): string {
  if (card.dataset.state === 'removed') return say('cannot.removed')
  return say(card.querySelector('.refuse') ? 'cannot.already' : 'cannot.decide')
}
