#!/bin/sh
# Installs the extra packages for `make wordpress`: WordPress of Debian, PHP and MariaDB.
set -eu
themes=/usr/share/wordpress/wp-content/themes
if [ -d $themes/twentytwentyone ] && command -v php >/dev/null && command -v mariadbd >/dev/null; then exit 0; fi
root=''
if [ "$(id -u)" != 0 ]; then root='sudo -n'; fi
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# Do not start the installed servers: the test starts its own.
policy=/usr/sbin/policy-rc.d
if ! [ -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
	$root chmod +x $policy
	trap '$root rm -f $policy' EXIT
fi
$root apt-get install -y -qq --no-install-recommends wordpress wordpress-theme-twentytwentyone \
	wordpress-theme-twentytwentythree php-cli php-mysql php-xml php-mbstring mariadb-server >/dev/null
