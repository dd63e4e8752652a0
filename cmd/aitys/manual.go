package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"
)

type manCmd struct{}

// Run prints the manual in the format of man.
func (manCmd) Run(a *env, k *kong.Kong) error {
	page := roff.NewDocument()
	mangokong.NewManPage(1, k.Model).Build(page)
	page.Section("Environment")
	page.Text("Flags win over variables, and variables over the config file. An unknown name that begins with AITYS_ is an error. " +
		"These are the variables of all commands and of serve:")
	serve := slices.IndexFunc(k.Model.Children, func(command *kong.Node) bool { return command.Name == "serve" })
	for _, f := range slices.Concat(k.Model.Flags, k.Model.Children[serve].Flags) {
		if f.Name == "help" {
			continue
		}
		page.TaggedParagraph(-1)
		page.TextBold("AITYS_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")))
		page.EndSection()
		page.Text(f.Help)
	}
	page.Section("Exit status")
	page.Text("0 on success, 1 on failure, 2 if the command line, a variable or the config file is wrong.")
	page.Section("Files")
	page.Text("/etc/aitys.conf is the config file of the packages. Their service keeps its data in /var/lib/aitys.")
	_, err := fmt.Fprint(a.out, page.String())
	return err
}
