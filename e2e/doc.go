// Package e2e proves things of the whole: of the built binary as people and programs meet it (in
// Chromium, with hostile input, killed again and again), and of the tree (imports point one way,
// each library has one home).
//
// What a room can prove alone stands beside it. Nothing here is imported.
package e2e
