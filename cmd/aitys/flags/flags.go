// Package flags reads what a command is told, on its line, in the environment and in a file, and refuses what
// no command could work with.
package flags

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Values are the flags that the environment and the file of --config name. The command line
// goes before the environment, and that before the file.
type Values struct {
	values map[string]string // by flag name
}

// Validate is kong's; names are checked when they are read.
func (s *Values) Validate(*kong.Application) error { return nil }

// Resolve is kong's: it asks for each flag that the command line left out.
func (s *Values) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if v, ok := s.values[flag.Name]; ok {
		return v, nil
	}
	return nil, nil
}

// Read reads both. An unknown name is an error in either: it would be a default in silence.
func (s *Values) Read(model *kong.Application, args, environ []string) error {
	s.values = map[string]string{}
	known := map[string]*kong.Flag{}
	_ = kong.Visit(model, func(n kong.Visitable, next kong.Next) error { // it returns what we return
		if f, ok := n.(*kong.Flag); ok {
			known[f.Name] = f
		}
		return next(nil)
	})
	delete(known, "help")
	environment, file := map[string]string{}, configArg(args)
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		flag, ours := strings.CutPrefix(strings.ToUpper(name), "AITYS_")
		if !ours || foreign(flag) {
			continue
		}
		if name != strings.ToUpper(name) {
			return fmt.Errorf("%s: write it %s", name, strings.ToUpper(name))
		}
		if flag = strings.ReplaceAll(strings.ToLower(flag), "_", "-"); known[flag] == nil {
			return fmt.Errorf("%s: no flag is called --%s", name, flag)
		}
		if value != "" { // an empty variable is how compose files leave one out
			environment[flag] = value
		}
	}
	if file == "" {
		file = environment["config"]
	}
	delete(known, "config")
	if file != "" {
		if err := s.readFile(file, known); err != nil {
			return fmt.Errorf("--config: %w", err)
		}
	}
	for flag, value := range environment {
		s.values[flag] = value
	}
	return nil
}

// CheckGiven refuses a flag that the command line gives nothing: a default would hold in silence,
// and a script's unset variable give an account every site. Of a flag given twice the last counts,
// as wrappers of commands expect.
func CheckGiven(c *kong.Context) error {
	times := map[*kong.Flag]int{}
	for _, p := range c.Path {
		if p.Flag != nil && !p.Resolved {
			times[p.Flag]++
		}
	}
	for flag, n := range times {
		switch value := c.FlagValue(flag).(type) {
		case string:
			if value == "" {
				return fmt.Errorf("--%s is given nothing", flag.Name)
			}
		case []string:
			if len(value) < n || slices.Contains(value, "") {
				return fmt.Errorf("--%s is given nothing", flag.Name)
			}
		}
	}
	return nil
}

// foreign names are not ours to refuse: Kubernetes sets them for a service called "aitys".
func foreign(name string) bool {
	return name == "PORT" || strings.HasPrefix(name, "PORT_") || strings.HasPrefix(name, "SERVICE_")
}

// configArg finds --config before anything else is read.
func configArg(args []string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
		if a == "--" {
			break
		}
	}
	return ""
}

// maxConfig is far more than all settings need.
const maxConfig = 64 << 10

func (s *Values) readFile(path string, known map[string]*kong.Flag) error {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s does not exist", path)
	case err != nil:
		return fmt.Errorf("%s cannot be read", path)
	case len(text) > maxConfig || bytes.ContainsRune(text, 0):
		return fmt.Errorf("%s is no file of settings", path)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.readLine(line, known); err != nil {
			return fmt.Errorf("%s line %d: %w", path, n, err)
		}
	}
	return lines.Err()
}

// readLine reads "NAME=VALUE" or "name: value", NAME with AITYS_ before it or not.
func (s *Values) readLine(line string, known map[string]*kong.Flag) error {
	end := strings.IndexAny(line, "=:")
	if end < 1 {
		return errors.New(`want NAME=VALUE or "name: value"`)
	}
	name, value := strings.TrimSpace(line[:end]), strings.TrimSpace(line[end+1:])
	if n := len(value); n > 1 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		value = value[1 : n-1]
	}
	flag := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	flag = strings.TrimPrefix(flag, "aitys-")
	if known[flag] == nil {
		return fmt.Errorf("no flag is called --%s", flag)
	}
	if before, twice := s.values[flag]; twice {
		if !known[flag].IsSlice() {
			return fmt.Errorf("--%s stands there twice", flag)
		}
		value = before + "," + value
	}
	s.values[flag] = value
	return nil
}
