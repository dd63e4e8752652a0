package main

import (
	"testing"

	"github.com/aitys/aitys/moderation/markup"
)

// BenchmarkRender renders a comment without markup, and one with emphasis and links. Lists render each comment that they
// show, and moderators' lists and verdicts look for its links.
func BenchmarkRender(b *testing.B) {
	const plain = "I have read this twice, and I still don't see why the council (of all people!) would pay for it: the old " +
		"bridge is fine, the \"new\" one isn't needed.\nMy father worked there for 20 years & he says the same.\n\n" +
		"Thanks for writing about it, though. I hope that you follow this up."
	for name, source := range map[string]string{
		"plain":  plain,
		"marked": plain + "\n\n> **Read** https://a.example/bridge, and [this](https://b.example/).",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				markup.Render(source)
			}
		})
		b.Run("links of "+name, func(b *testing.B) {
			rendered := markup.Render(source)
			for b.Loop() {
				markup.Links(rendered)
			}
		})
	}
}
