// Package e2e proves things of the whole. Its tests meet the built binary as people and programs do
// (in Chromium, with hostile input, killed again and again). Its walls are held against the source:
// imports point one way, each library has one home, no room or interface grows without end.
//
// What a room can prove alone stands beside it, and no room of the product imports this one.
package e2e
