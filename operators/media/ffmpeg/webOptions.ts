/** Which other addresses FFmpeg may open when it opens one on the network. */

/** The protocols that belong to a scheme: what a server says must not make FFmpeg read files, or speak anything else. */
const PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  [/^rtsps?:/i, 'rtp,srtp,udp,tcp,tls'],
  [/^https?:/i, 'http,https,httpproxy,tcp,tls,crypto'],
  [
    /^rtmp/i,
    'rtmp,rtmps,rtmpe,rtmpt,rtmpte,rtmpts,ffrtmphttp,ffrtmpcrypt,http,https,httpproxy,tcp,tls',
  ],
  [/^rtp:/i, 'rtp,udp'],
  [/^udp:/i, 'udp'],
  [/^tcp:/i, 'tcp'],
  [/^srt:/i, 'srt'],
];
/** Formats that hold their pictures themselves; playlists name other addresses, and so do descriptions (SDP, DASH). */
const WHOLE_FORMATS =
  'mpegts,mpeg,mov,matroska,flv,avi,ogg,asf,nut,ivf,gif,mpjpeg,mjpeg,jpeg_pipe,png_pipe,webp_pipe,h264,hevc,m4v,mpegvideo';

/**
 * FFmpeg's options before an address on the network; none for what is no address.
 * @param followLinks whether a web server may send it to other addresses, by a redirect or in a playlist; without it
 * FFmpeg 5.1 is needed
 */
export function webOptions(address: string, followLinks: boolean): readonly string[] {
  const protocols = PROTOCOLS.find(([scheme]) => scheme.test(address))?.[1];
  const isWeb = /^https?:/i.test(address);
  return [
    ...(protocols === undefined ? [] : ['-protocol_whitelist', protocols]),
    ...(isWeb && !followLinks ? ['-max_redirects', '0', '-format_whitelist', WHOLE_FORMATS] : []),
  ];
}
