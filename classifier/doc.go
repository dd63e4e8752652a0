// Package classifier estimates from a comment's text, and its author's own fields, how likely a moderator will mark it
// as spam, and says which words the estimate rests on. One Model belongs to one site.
//
// The package is pure: no I/O, no clock, no goroutines. It decides nothing; package moderation does. A Model is the
// fold of a site's lessons (decisions of moderators, and texts they taught) in order of Seq. Equal lessons make equal
// bytes.
//
// # Tokens
//
// Read normalises the text (markup, entities, NFKC, invisible characters, look-alike letters, spaced letters) and
// returns a set of distinct tokens t: words, pairs of words, the first word, words in capitals, overlapping 4-grams of
// characters, hosts, domains, paths, mentions, the author's name, mail domain and website, and traits of shape such as
// "links=2". A token counts once, however often it occurs. Per-site token statistics come from Graham (2002); binary
// 4-grams in vectors of unit length from Sculley and Wachman (2007).
//
// # Heads
//
// There is a head for spam and one for each reason (hate speech, obscenity, personal attack). A head separates its
// label (y = 1) from ham (y = 0). A lesson of a label trains the head of that label; a lesson of ham trains spam's head
// and the heads of all reasons taught so far. σ(z) = 1/(1+e⁻ᶻ), all logits are in nats, and parameters of spam's head
// are given first, those of reasons in brackets.
//
// Naive Bayes. yₜ and nₜ are the counted lessons of the label and of ham with token t, Y and N all counted lessons, c =
// yₜ+nₜ:
//
//	ratio(t) = [ln((yₜ+a)/(Y+2a)) − ln((nₜ+b)/(N+2b))] · c/(c+s)        s = 0.5 [1]
//	bayes    = Σ vₜ·ratio(t) / K^p,  K = Σ vₜ                           p = 0.8 [0.7]
//
// The sums run over tokens with c > 0 (all, not the most interesting ones as in Graham's filter), and there is no
// class prior. a and b are 0.2 [0.5]. For a class with a share q < 0.1 of the lessons they are multiplied by q/0.1,
// in steps of 2^¼ and at least by 2⁻¹⁰ (Frank and Bouckaert, 2006). c/(c+s) shrinks rare tokens towards no
// evidence, as Robinson (2003) does with probabilities. vₜ is 0.5 [1] for a 4-gram, 16 for the trait that the author
// gave a website, else 1. p < 1 keeps long comments from being certain, since their tokens are not independent.
//
// A lesson is counted only if |σ(whole) − y| > 0.03 for a head that it trains, or if that head is not warm (train on or
// near error, the "thick threshold" of Siefkes et al., 2004). The heads keep yₜ and nₜ in tables of their own. They
// also go to jbrukh/bayesian, which stores the newest counts by token name until type counts merges them into sorted
// bytes. These bytes are written to a snapshot, restore the tables, and list the strongest tokens. The library's own
// scores are not used: its counts decide nothing.
//
// Logistic regression. xₜ is a constant per kind (featureValue), ‖x‖² = Σ xₜ² over all tokens of the comment:
//
//	regression = bias + Σ wₜ·xₜ/‖x‖
//	g = (σ(regression) − y)·xₜ/‖x‖,  Gₜ += g²,  wₜ −= 0.4·g/√(Gₜ+10⁻⁸),  bias −= 0.02·(σ(regression) − y)
//
// That is one online gradient step per lesson (Goodman and Yih, 2006) with AdaGrad's rate per weight (Duchi, Hazan and
// Singer, 2011). An admission limit bounds the new tokens per lesson, see admitTokens.
//
// Stacking. A second logistic regression joins both scores, as in stacked generalization (Wolpert, 1992) and filter
// fusion (Lynam, Cormack and Cheriton, 2006). It learns from scores computed before the lesson was learned:
//
//	in = (bayes/max(S₁, 0.2), regression/max(S₂, 0.2), 1),  Sᵢ = mean of |score| over the last ~1000 lessons
//	stack = W·in;  g = (σ(stack) − y)·in,  Gᵢ += g²,  Wᵢ −= 0.13·g/√(Gᵢ+10⁻⁸),  W₁, W₂ ≥ 0;  W starts at (½, ½, 0)
//	whole = stack·K/(K+2) + prior·4/(4+n)        [whole = stack]
//
// prior is a fixed estimate from the comment's shape, see shape.prior. n is the smaller of the numbers of spam and ham
// lessons, of those that were counted or that were predicted before they were learned. So a young model relies on shape
// and a trained one on its lessons.
//
// Parts. Spam may hide in a good comment. A comment of more than 12 words also gets the worst excerpt, one of more than
// 30 [none] the worst window; see excerpt.go. Each has a calibrator of its own, and the head's logit is
//
//	Logit = max(whole, damp(excerpt′ − 0.75), damp(window′ − 0.75)),  damp(z) = z up to 3, 3 + (z−3)/2 above
//
// Calibration. A calibrator is Platt scaling (Platt, 1999) trained online: z′ = A·z + B, see calibrator.go. Reasons are
// σ(Logit). Spam is made of Logit in three steps: z′ = calibrator(Logit); then capConfidence, for z′ > 0: m·tanh(z′/m)
// with m = min(4.9, 1.5·ln(1+n)); then discountLanguage, which lowers z′ by up to 4.5 for a language in which the site
// has no ham, not below −0.5. Spam = σ(z′).
//
// # Guards of a young model
//
//   - Until spam and ham were taught, Warm is false and Spam is exactly 0.5.
//   - Stack and calibrators learn only from lessons that a warm head predicted before. Until the spam head predicted
//     three lessons of the other class, a step counts u = (number of those)/3: else a run of approvals would teach it
//     to approve. With u < 1 the stack's W₁ and W₂ are first multiplied by exp(−0.06·(1−u)·(σ(stack)−y)·(W₁in₁+W₂in₂)),
//     so that scores which agree with the labels grow anyway. Calibrated reports that both classes have three.
//   - capConfidence bounds the probability by the number of lessons; prior replaces missing lessons; Young tells the
//     caller not to act on the model alone.
//   - A near-duplicate of an earlier lesson of the same label teaches only while it is misjudged by more than 0.05.
//
// # Sources
//
//   - P. Graham, A Plan for Spam, 2002.
//   - G. Robinson, A Statistical Approach to the Spam Problem, Linux Journal 107, 2003.
//   - E. Frank and R. Bouckaert, Naive Bayes for Text Classification with Unbalanced Classes, PKDD 2006.
//   - C. Siefkes, F. Assis, S. Chhabra and W. Yerazunis, Combining Winnow and Orthogonal Sparse Bigrams for Incremental
//     Spam Filtering, PKDD 2004.
//   - D. Sculley and G. Wachman, Relaxed Online SVMs for Spam Filtering, SIGIR 2007.
//   - J. Goodman and W. Yih, Online Discriminative Spam Filter Training, CEAS 2006.
//   - J. Duchi, E. Hazan and Y. Singer, Adaptive Subgradient Methods, JMLR 12, 2011.
//   - D. Wolpert, Stacked Generalization, Neural Networks 5, 1992.
//   - T. Lynam, G. Cormack and D. Cheriton, On-line Spam Filter Fusion, SIGIR 2006.
//   - J. Platt, Probabilistic Outputs for Support Vector Machines, 1999.
//   - G. Cormack and T. Lynam, TREC 2005 Spam Track Overview: the protocol by which docs/measurements.md measures the
//     package, score first and then learn, and its (1-ROCA)%.
package classifier
