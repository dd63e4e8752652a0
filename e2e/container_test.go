package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A buildah runs Debian's buildah with its own storage. It needs neither a daemon nor a registry.
type buildah struct {
	t       *testing.T
	program string
	storage []string // flags
}

func newBuildah(t *testing.T) buildah {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to run containers as another user")
	}
	dir := t.TempDir()
	return buildah{t, testkit.Program(t, "buildah"),
		[]string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}}
}

// do runs a command to its end and returns its output.
func (b buildah) do(args ...string) string {
	b.t.Helper()
	out, err := testkit.Run(b.program, append(b.storage, args...)...)
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// image builds the Dockerfile with the binary of this run, since the build stage needs a registry for its base image.
// It returns the configuration of the image.
func (b buildah) image(name string) (c imageConfig) {
	b.t.Helper()
	stage := b.t.TempDir()
	for from, to := range map[string]string{testkit.Binary(b.t): "usr/local/bin/aitys",
		"/etc/ssl/certs/ca-certificates.crt": "etc/ssl/certs/ca-certificates.crt"} {
		to = filepath.Join(stage, "image", to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			b.t.Fatal(err)
		}
		if out, err := exec.Command("cp", from, to).CombinedOutput(); err != nil {
			b.t.Fatalf("%v: %s", err, out)
		}
	}
	if err := os.Mkdir(filepath.Join(stage, "image", "data"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	b.do("build", "--pull-never", "--layers=false", "--isolation", "chroot", "--format", "docker",
		"--build-context", "build="+stage, "--build-arg", "COMMIT=4f2a", "--tag", name, "..")
	var info struct{ Docker struct{ Config imageConfig } }
	if err := json.Unmarshal([]byte(b.do("inspect", "--type", "image", name)), &info); err != nil {
		b.t.Fatal(err)
	}
	return info.Docker.Config
}

// imageConfig has some fields of an image's configuration.
type imageConfig struct {
	User, WorkingDir     string
	Env, Entrypoint, Cmd []string
	Volumes              map[string]any
	Labels               map[string]string
	Healthcheck          struct{ Test []string }
}

const imageUser = 65532

// Comments in the volume survive a killed container, and a new one with a read-only root finds them.
func TestImage_KeepsCommentsInTheVolume(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBuildah(t)
	c := b.image("aitys")
	if c.User != "65532:65532" || c.Volumes["/data"] == nil || c.WorkingDir != "/data" ||
		c.Labels["org.opencontainers.image.revision"] != "4f2a" {
		t.Errorf("the image has the configuration %+v", c)
	}
	health := c.Healthcheck.Test
	if len(health) == 0 || health[0] != "CMD" {
		t.Fatalf("the health check is %q, want a command without a shell", health)
	}
	volume := t.TempDir()
	if err := os.Chown(volume, imageUser, imageUser); err != nil {
		t.Fatal(err)
	}
	l, err := testkit.Listen()
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String() // the port is free again after Close
	_ = l.Close()

	container := b.do("from", "--pull-never", "localhost/aitys")
	root := b.do("mount", container)
	b.checkFiles(root)
	b.do("config", "--volume", "/data-", container) // else buildah mounts its own volume there
	in := func(command ...string) []string {
		return slices.Concat(b.storage, []string{"run", "--isolation", "chroot", "--volume", volume + ":/data",
			"--env", "AITYS_LISTEN=" + address, container, "--"}, command)
	}
	// Only the exit code counts: on a busy machine, buildah loses what a command prints last.
	if _, err := testkit.Run(b.program, in(health[1:]...)...); err == nil {
		t.Error("without a server, the health check succeeds")
	}
	before, after := containerCommands(t)
	b.follow(container, volume, before)
	first, err := testkit.Start(b.program, in(slices.Concat(c.Entrypoint, c.Cmd)...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Kill()
	if _, err := testkit.Run(b.program, in(health[1:]...)...); err != nil {
		t.Errorf("the health check of a running server: %v", err)
	}
	client := &testkit.Client{URL: first.URL, Site: "blog", HTTP: &http.Client{Transport: &http.Transport{}}}
	const text = "Written in a container."
	posted, err := client.Post(t.Context(), "", blogPost, "Ruth", "", text)
	if err != nil {
		t.Fatal(err)
	}
	checkOwner(t, filepath.Join(volume, "aitys.db"))
	_ = first.StopWith(syscall.SIGTERM) // buildah kills the server at once

	second := startReadOnly(t, root, volume, append(c.Env, "AITYS_LISTEN="+address), slices.Concat(c.Entrypoint, c.Cmd))
	defer second.Kill()
	checkOwner(t, fmt.Sprint("/proc/", second.PID()))
	if body, _, err := client.Own(t.Context(), posted.ID, posted.EditToken); err != nil || body != text {
		t.Errorf("after a restart the comment is %q, %v", body, err)
	}
	if _, err := client.Post(t.Context(), "", blogPost, "Ruth", "", "Written in another container."); err != nil {
		t.Error(err)
	}
	if err := second.Stop(); err != nil {
		t.Error(err)
	}
	b.follow(container, volume, after)
	if kept, err := filepath.Glob(filepath.Join(volume, "aitys.db.replaced-*")); err != nil || len(kept) != 1 {
		t.Errorf("the documented restore kept %q, %v", kept, err)
	}
}

// containerCommands returns the commands of docs/operating.md for a container: those before the first start, and those
// for backup and restore.
func containerCommands(t *testing.T) (before, after []string) {
	t.Helper()
	_, section, found := strings.Cut(documents(t)["../docs/operating.md"], "\n## Run in a container\n")
	section, _, ends := strings.Cut(section, "\n### ")
	if !found || !ends {
		t.Fatal("docs/operating.md has no section for containers")
	}
	for line := range strings.Lines(section) {
		switch {
		case strings.HasPrefix(line, "docker compose exec "):
			before = append(before, line)
		case strings.HasPrefix(line, "docker compose run "), strings.HasPrefix(line, "install "):
			after = append(after, line)
		}
	}
	if len(before) != 1 || len(after) != 3 {
		t.Errorf("the commands are %q and %q, want 1 and 3", before, after)
	}
	return before, after
}

// follow runs documented commands in a new folder, with buildah in place of Docker Compose.
func (b buildah) follow(container, volume string, lines []string) {
	b.t.Helper()
	const docker = `docker() {
		case "$2 $3" in
		"exec aitys") shift 4; set -- --volume "$VOLUME:/data" "$CONTAINER" -- /usr/local/bin/aitys "$@" ;;
		"run --rm") option=$4 mount=$5; shift 6
			set -- "$option" "$mount" --volume "$VOLUME:/data" "$CONTAINER" -- /usr/local/bin/aitys "$@" ;;
		*) echo "unexpected: docker $*" >&2; exit 1 ;;
		esac
		$BUILDAH run --isolation chroot "$@"
	}
	`
	cmd := exec.CommandContext(b.t.Context(), "sh", "-euc", docker+strings.Join(lines, ""))
	cmd.Dir = b.t.TempDir()
	cmd.Env = append(os.Environ(), "BUILDAH="+b.program+" "+strings.Join(b.storage, " "), "CONTAINER="+container,
		"VOLUME="+volume)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Errorf("%v: %v: %s", lines, err, out)
	}
}

// checkOwner checks that a path belongs to the user of the image.
func checkOwner(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != imageUser {
		t.Errorf("%s belongs to user %d, want %d", path, owner, imageUser)
	}
}

// checkFiles checks that the image has no other files than expected, and that its user may write only to /data.
func (b buildah) checkFiles(root string) {
	b.t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, root))
		}
		writable := info.Sys().(*syscall.Stat_t).Uid == imageUser || info.Mode().Perm()&0o002 != 0
		if writable != (path == filepath.Join(root, "data")) {
			b.t.Errorf("%s has the mode %v; writable by the user of the image: %v", path, info.Mode(), writable)
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if want := []string{"/etc/ssl/certs/ca-certificates.crt", "/usr/local/bin/aitys"}; !slices.Equal(files, want) {
		b.t.Errorf("the image has the files %q, want %q", files, want)
	}
}

// startReadOnly starts a server in a root folder that is mounted read-only, with a volume at /data.
func startReadOnly(t *testing.T, root, volume string, env, command []string) *testkit.Instance {
	t.Helper()
	const script = `
		mount --bind "$1" "$1"
		mount --bind "$2" "$1/data"
		mount -o remount,bind,ro "$1"
		if touch "$1/file" 2>/dev/null; then echo "the root is writable" >&2; exit 1; fi
		root=$1; shift 2
		exec env -i "$@"`
	args := []string{"--mount", "sh", "-euc", script, "sh", root, volume}
	args = append(append(args, env...), "chroot", fmt.Sprint("--userspec=", imageUser, ":", imageUser), "--groups=", root)
	i, err := testkit.Start(testkit.Program(t, "unshare"), append(args, command...)...)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// The context of the build has the sources of the binary, and no settings or data.
func TestImage_ContextHasTheSources(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBuildah(t)
	list := `{{if .Module}}{{if .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}
{{end}}{{end}}{{end}}`
	out, err := exec.Command("go", "list", "-deps", "-f", list, "../cmd/aitys").Output()
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copier := filepath.Join(dir, "Dockerfile")
	if err := os.WriteFile(copier, []byte("FROM scratch\nCOPY . /\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	context := filepath.Join(dir, "context")
	b.do("build", "--layers=false", "--isolation", "chroot", "--file", copier, "--output", "type=local,dest="+context, top)
	sources := strings.Fields(string(out))
	if len(sources) < 300 {
		t.Errorf("only %d sources were found", len(sources))
	}
	for _, path := range append(sources, top+"/go.mod", top+"/go.sum") {
		if _, err := os.Stat(filepath.Join(context, strings.TrimPrefix(path, top))); err != nil {
			t.Errorf(".dockerignore leaves out %s", path)
		}
	}
	for _, path := range []string{".git", ".env", "aitys.env", "data", "bin", "bench", "widget/node_modules"} {
		if _, err := os.Stat(filepath.Join(context, path)); err == nil {
			t.Errorf(".dockerignore lets %s in", path)
		}
	}
}
