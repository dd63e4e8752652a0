<?php
/*
 * Plugin Name: Aitys instead of Akismet
 * Description: Makes the Akismet plug-in use your Aitys server to check and report spam. Copy this file to
 *              wp-content/mu-plugins, and add to wp-config.php, above "That's all":
 *              define( 'AITYS_URL', 'https://comments.example.org' );
 *              define( 'AITYS_KEY', 'aitys_...' );
 */

if ( ! defined( 'ABSPATH' ) || ! defined( 'AITYS_URL' ) || ! defined( 'AITYS_KEY' ) ) {
	return;
}

// The Akismet plug-in uses this key, so that nobody has to enter one.
if ( ! defined( 'WPCOM_API_KEY' ) ) {
	define( 'WPCOM_API_KEY', AITYS_KEY );
}

// Send requests for Akismet's server to the Aitys server instead.
add_filter(
	'pre_http_request',
	function ( $answer, $args, $url ) {
		$host = (string) wp_parse_url( $url, PHP_URL_HOST );
		if ( 'rest.akismet.com' !== $host && '.rest.akismet.com' !== substr( $host, -17 ) ) {
			return $answer;
		}
		unset( $args['headers']['Host'], $args['headers']['host'] ); // it is Akismet's host
		if ( is_string( $args['body'] ) && ! preg_match( '/(^|&)(api_)?key=/', $args['body'] ) ) {
			$args['body'] .= '&api_key=' . rawurlencode( AITYS_KEY ); // older versions put the key into the host name
		}
		$path = (string) wp_parse_url( $url, PHP_URL_PATH );
		return wp_remote_request( rtrim( AITYS_URL, '/' ) . '/akismet' . $path, $args );
	},
	10,
	3
);
