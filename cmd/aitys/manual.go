package main

import (
	"fmt"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"
)

type manCmd struct{}

// Run prints the manual in the format of man.
func (manCmd) Run(a *env, k *kong.Kong) error {
	page := mangokong.NewManPage(1, k.Model).
		WithSection("Exit status", "0 on success, 1 on failure, 2 if the command line, a variable or the config file is wrong.").
		WithSection("Files", "/etc/aitys.conf is the config file of the packages. Their service keeps its data in /var/lib/aitys.")
	_, err := fmt.Fprint(a.out, page.Build(roff.NewDocument()))
	return err
}
