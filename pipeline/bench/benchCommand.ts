export async function benchCommand(
  _o: { json: boolean; minutes: number },
  _i: AbortSignal,
): Promise<number> {
  return 0;
}
