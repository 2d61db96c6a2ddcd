"""The gate's answer to every situation of the contract, asked of the real command over the emulator."""
