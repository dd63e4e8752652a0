package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// completionScripts make a shell run aitys with the typed line in COMP_LINE, as `complete -C` of bash does. Where aitys
// prints nothing, the shell completes file names.
var completionScripts = map[string]string{
	"bash": "complete -o default -C aitys aitys\n",
	"zsh": `#compdef aitys
compdef _aitys aitys
_aitys() {
	local line="${(j: :)words[1,CURRENT]}"
	local -a found
	found=("${(@f)$(COMP_LINE="$line" COMP_POINT="${#line}" aitys)}")
	found=(${found:#})
	if (( $#found )); then compadd -- $found; else _files; fi
}
if [ "$funcstack[1]" = _aitys ]; then _aitys; fi
`,
	"fish": `function __aitys_complete
	set -l found (COMP_LINE=(commandline -cp) aitys)
	if count $found >/dev/null
		printf '%s\n' $found
	else
		__fish_complete_path (commandline -ct)
	end
end
complete -c aitys -f -a '(__aitys_complete)'
`,
}

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"Shell: bash, zsh or fish."`
}

func (c completionCmd) Run(a *env) error {
	_, err := fmt.Fprint(a.out, completionScripts[c.Shell])
	return err
}

// typedLine returns the command line that a shell asks to complete, up to the cursor.
func typedLine(environ []string) (line string, ok bool) {
	point := -1
	for _, pair := range environ {
		switch name, value, _ := strings.Cut(pair, "="); name {
		case "COMP_LINE":
			line, ok = value, true
		case "COMP_POINT":
			if n, err := strconv.Atoi(value); err == nil {
				point = n
			}
		}
	}
	if point >= 0 && point < len(line) {
		line = line[:point]
	}
	return line, ok
}

// completions returns the commands, flags or values that may end a typed line, sorted. After `--flag=` it returns none.
func completions(node *kong.Node, line string) (found []string) {
	words := strings.Fields(line + "_") // the last word may be empty
	last := strings.TrimSuffix(words[len(words)-1], "_")
	var flag *kong.Flag // the flag whose value comes next
	positionals := 0
	for _, word := range words[1 : max(2, len(words))-1] {
		child := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word })
		switch {
		case flag != nil:
			flag = nil
		case strings.HasPrefix(word, "-"):
			if flag = findFlag(node, word); flag != nil && flag.IsBool() {
				flag = nil
			}
		case child >= 0:
			node = node.Children[child]
		default:
			positionals++
		}
	}
	switch {
	case flag != nil:
		found = enum(flag.Value)
	case strings.HasPrefix(last, "-"):
		for _, group := range node.AllFlags(true) {
			for _, f := range group {
				found = append(found, "--"+f.Name)
			}
		}
	case positionals < len(node.Positional):
		found = enum(node.Positional[positionals])
	default:
		for _, child := range node.Children {
			found = append(found, child.Name)
		}
	}
	slices.Sort(found)
	return slices.DeleteFunc(found, func(word string) bool { return !strings.HasPrefix(word, last) })
}

// findFlag returns the flag of a command that is written --name, or nil.
func findFlag(node *kong.Node, word string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if "--"+f.Name == word {
				return f
			}
		}
	}
	return nil
}

// enum returns the values that v is limited to, or nil.
func enum(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}
