<?php
/*
 * Plugin Name: Aitys in the place of Akismet
 * Description: Has the Akismet plug-in ask your own Aitys server what is spam, and teach it. Put this file into
 *              wp-content/mu-plugins, and into wp-config.php, above "That's all":
 *              define( 'AITYS_URL', 'https://comments.example.org' );
 *              define( 'AITYS_KEY', 'aitys_...' );
 */

if ( ! defined( 'ABSPATH' ) || ! defined( 'AITYS_URL' ) || ! defined( 'AITYS_KEY' ) ) {
	return;
}

// The Akismet plug-in takes the key from here, and asks nobody to type one.
if ( ! defined( 'WPCOM_API_KEY' ) ) {
	define( 'WPCOM_API_KEY', AITYS_KEY );
}

// What is meant for Akismet's server goes to ours. Nothing reaches Akismet.
add_filter(
	'pre_http_request',
	function ( $answer, $args, $url ) {
		$host = (string) wp_parse_url( $url, PHP_URL_HOST );
		if ( 'rest.akismet.com' !== $host && '.rest.akismet.com' !== substr( $host, -17 ) ) {
			return $answer;
		}
		unset( $args['headers']['Host'], $args['headers']['host'] ); // it names Akismet's
		if ( is_string( $args['body'] ) && ! preg_match( '/(^|&)(api_)?key=/', $args['body'] ) ) {
			$args['body'] .= '&api_key=' . rawurlencode( AITYS_KEY ); // older ones put it before the host
		}
		$path = (string) wp_parse_url( $url, PHP_URL_PATH );
		return wp_remote_request( rtrim( AITYS_URL, '/' ) . '/akismet' . $path, $args );
	},
	10,
	3
);
