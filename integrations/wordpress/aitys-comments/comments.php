<?php
/*
 * Replaces comments.php of a classic theme.
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}
echo aitys_comments(); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- aitys_comments escapes it
