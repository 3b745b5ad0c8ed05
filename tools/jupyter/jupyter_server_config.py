"""What `make lab` asks of Jupyter's server; copied into ~/.jupyter, it serves any JupyterLab and Notebook 7."""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class Prompt(ZMQChannelsWebsocketConnection):
    """The line between a page and its kernel, without waiting for larger packets.

    Otherwise the end of what a moved slider sets off is kept back until the page confirms what came before (Nagle's
    algorithm, RFC 896), and a page confirms late, on Linux by up to 40 ms (delayed acknowledgements, RFC 1122): a
    figure follows the hand little more than half as fast.
    """

    async def connect(self):
        self.websocket_handler.set_nodelay(True)
        return await super().connect()


c = get_config()  # noqa: F821 - Jupyter provides it
c.ServerApp.kernel_websocket_connection_class = Prompt
